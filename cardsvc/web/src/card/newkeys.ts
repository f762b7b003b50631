/**
 * Keys that were made for a code and wait for the service's answer. It takes a code again from the same key alone, so
 * the key is kept before it is sent: an answer that was lost, or a page that was closed meanwhile, costs no code.
 */
import { makeKey } from "./code.ts";
import { Refusal } from "./service.ts";
import { drop, putFirst } from "./store.ts";

/** The service has not looked at the code yet. */
const UNJUDGED: ReadonlySet<string> = new Set(["locked_out", "too_often", "stale_proof"]);

const named = (code: string): string => `key for ${code}`;

/** This phone's key for a code, the same however often it is asked for; a code that is a secret is named by its hash. */
export async function keyFor(code: string): Promise<CryptoKeyPair> {
  return putFirst("choices", named(code), await makeKey());
}

export const forgetKey = (code: string): Promise<unknown> => drop("choices", named(code));

/** What the service says to the key of a code; one that it refuses is no good any more, and neither is its key. */
export async function answered<Answer>(code: string, asking: Promise<Answer>): Promise<Answer> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof Refusal && !UNJUDGED.has(error.reason)) await forgetKey(code);
    throw error;
  }
}
