/**
 * What a phone answers where the venue asks for one that proves itself (docs/format.md section 6): 16 random bytes
 * and this reader's name, shown as an address that the phone's own camera opens. The card's page needs no camera.
 */
import { base64url } from "../device/keys.ts";
import { hex } from "../reader/bytes.ts";
import type { Bytes } from "../reader/bytes.ts";
import { decode } from "../reader/cbor.ts";
import { decodeSign1 } from "../reader/cose.ts";
import type { Challenge } from "../reader/phone.ts";
import type { Policy } from "../reader/rules.ts";
import { decodeText } from "../reader/text.ts";

const CHALLENGE = -70003;
const CHALLENGE_BYTES = 16;
const MAX_AUDIENCE = 16;
/** Each is shown for half of its life, so that whoever reads it at the last moment still has the other half. */
export const SHOWN_S = 15;
const KEPT = 2;

/** Whether phones must prove themselves: the policy takes nothing less of a phone. */
export const asksProof = (policy: Policy | null): boolean =>
  policy !== null && policy.accept.has("phone-proved") && !policy.accept.has("phone");

export class Challenges {
  #shown: readonly Challenge[] = [];
  readonly #audience: string;

  constructor(reader: string) {
    this.#audience = reader.slice(0, MAX_AUDIENCE);
  }

  /** The one to show now; a fresh one each {@link SHOWN_S} seconds. */
  current(now: number): Challenge {
    const newest = this.#shown[0];
    if (newest !== undefined && now >= newest.shownAt && now - newest.shownAt < SHOWN_S) return newest;
    const nonce: Bytes = crypto.getRandomValues(new Uint8Array(CHALLENGE_BYTES));
    const made = { nonce, audience: this.#audience, shownAt: now };
    this.#shown = [made, ...this.#shown].slice(0, KEPT);
    return made;
  }

  /** The one that this code answers, of those that were on the screen a moment ago; the verifier judges it. */
  async answeredBy(text: string): Promise<Challenge | null> {
    const said = await challengeOf(text);
    return said === null ? null : (this.#shown.find(({ nonce }) => hex(nonce) === said) ?? null);
  }
}

/** The address that the phone opens; what stands behind the number sign no server sees. */
export const addressOf = ({ nonce, audience }: Challenge): string =>
  `${location.origin}/card#/answer/${base64url(nonce)}/${encodeURIComponent(audience)}`;

async function challengeOf(text: string): Promise<string | null> {
  try {
    const claims = decode(decodeSign1(await decodeText(text)).payload);
    const said = claims instanceof Map ? claims.get(CHALLENGE) : undefined;
    return said instanceof Uint8Array ? hex(said) : null;
  } catch {
    return null; // Whatever it is, the verifier says why it is none.
  }
}
