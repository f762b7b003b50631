/** A reader asks this phone to prove itself: its code was opened with the phone's camera, and this is the answer. */
import { useEffect, useState } from "preact/hooks";
import { fromBase64, type Bytes } from "../../reader/bytes.ts";
import { go } from "../place.ts";
import { Note, Title } from "../ui.tsx";
import { chosen } from "../wallet.ts";
import { say } from "../words/index.ts";
import { LiveCode } from "./livecode.tsx";

const NONCE_BYTES = 16;
const MAX_AUDIENCE = 16;
/** docs/format.md section 6: a reader takes the answer for half a minute from when it showed the challenge. */
const LIFE_MS = 30_000;

export function AnswerScreen({ nonce, audience }: { readonly nonce: string; readonly audience: string }) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setOver(true), LIFE_MS);
    return () => clearTimeout(timer);
  }, []);
  const { state, kept } = chosen.value ?? {};
  const token = kept?.value.token ?? null;
  const asked = challenge(nonce, audience);
  return (
    <>
      <Title back={["card"]}>{say("answer.title")}</Title>
      {over ? (
        <Note tone="attention" aloud>{say("answer.over")}</Note>
      ) : asked === null || kept === undefined || token === null || state !== "valid" ? (
        <Note tone="deny" aloud>{say("answer.wrong")}</Note>
      ) : (
        <section class="face">
          <LiveCode keys={kept.value.keys} token={token} challenge={asked} />
          <p class="state" role="status">{say("answer.how", { r: audience })}</p>
        </section>
      )}
      {over && <button type="button" class="first" onClick={() => go("card")}>{say("nav.card")}</button>}
    </>
  );
}

function challenge(nonce: string, audience: string): { readonly nonce: Bytes; readonly audience: string } | null {
  try {
    const bytes = fromBase64(`${nonce.replaceAll("-", "+").replaceAll("_", "/")}==`);
    return bytes.length === NONCE_BYTES && audience !== "" && [...audience].length <= MAX_AUDIENCE ? { nonce: bytes, audience } : null;
  } catch {
    return null; // An address that somebody made up.
  }
}
