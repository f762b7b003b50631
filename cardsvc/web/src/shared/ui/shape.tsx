/** A verdict's shape: red and green look the same to one man in twelve, so each answer has one of its own. */
import type { Answer } from "../../reader/verdict.ts";

export function VerdictShape({ answer }: { readonly answer: Answer }) {
  return (
    <svg class="shape" viewBox="0 0 64 64" aria-hidden="true">
      {answer === "allow" ? (
        <>
          <circle cx="32" cy="32" r="27" />
          <path d="M19 33l9 9 17-19" />
        </>
      ) : answer === "attention" ? (
        <>
          <path d="M32 7l27 49H5z" />
          <path d="M32 26v14M32 48v.5" />
        </>
      ) : (
        <>
          <path d="M21 5h22l16 16v22L43 59H21L5 43V21z" />
          <path d="M23 23l18 18M41 23L23 41" />
        </>
      )}
    </svg>
  );
}
