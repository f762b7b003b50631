/** Binding a code to what holds it: a phone's rotating code, a chip's own key (sections 6 and 7). */
import { ascii, concat, equal, hex, sha256 } from "./bytes.ts";
import type { Bytes } from "./bytes.ts";
import { CHIP_KEY_BYTES, decodeCard } from "./card.ts";
import type { Card } from "./card.ts";
import { decode } from "./cbor.ts";
import type { CborMap } from "./cbor.ts";
import { characters, mapping, optionalBytes, optionalText, requiredBytes, requiredInteger } from "./claims.ts";
import { ES256, PublicKey, decodeSign1, fits, headers, isKnown, sign1Tbs, verifySignature } from "./cose.ts";
import type { Headers, Sign1 } from "./cose.ts";
import { span } from "./days.ts";
import { Refused, Unchecked, malformed } from "./errors.ts";

const TIME = 6;
const TOKEN = -70002;
const CHALLENGE = -70003;
const AUDIENCE = -70004;
const CONSENT = -70005;
const CHALLENGE_BYTES = 16;
const MAX_AUDIENCE = 16;
/** A code is good from 30 s before to 60 s after its time: two clocks and a slow hand (section 6). */
const EARLY_S = 30;
const LATE_S = 60;
/** A camera reads the same picture several times in a row. */
export const SAME_SCAN_S = 3;
/** A challenge shown by a reader is answered at once or not at all. */
const CHALLENGE_LIFE_S = 30;
/** What a chip signs begins with this, so that its signature means nothing anywhere else (section 7). */
const CHIP_CONTEXT = "cardsvc-chip-1";
const CHIP_LIFE_S = 2;

/** The outer object a phone signs around its token; `time` in epoch seconds of the service's clock. */
export interface PhoneCode {
  readonly time: number;
  readonly token: Bytes;
  readonly challenge: Bytes | null;
  readonly audience: string | null;
  readonly consent: ReadonlySet<number>;
}

/** A code taken apart: the signed card, and around it what a phone signed, if one did. */
export interface Code {
  readonly signed: Sign1;
  readonly card: Card;
  readonly outer: { readonly signed: Sign1; readonly head: Headers; readonly phone: PhoneCode } | null;
}

/** Take COSE bytes apart without judging any signature. */
export function readCode(cose: Bytes): Code {
  const signed = decodeSign1(cose);
  const claims = mapping(decode(signed.payload), "the payload");
  if (!claims.has(TOKEN)) return { signed, card: decodeCard(claims), outer: null };
  const phone = phoneCode(claims);
  const token = decodeSign1(phone.token);
  const card = decodeCard(mapping(decode(token.payload), "the payload"));
  if (card.holderKey === null) throw malformed("a phone signed around a code that names no key of a phone");
  return { signed: token, card, outer: { signed, head: outerHead(signed), phone } };
}

function phoneCode(claims: CborMap): PhoneCode {
  for (const key of claims.keys()) {
    const known = key === TOKEN || key === CHALLENGE || key === AUDIENCE || key === CONSENT;
    if (!known && typeof key !== "string" && (key as number | bigint) < 0) {
      throw new Unchecked("unsupported", "the phone code has a claim that this reader lacks");
    }
  }
  const challenge = optionalBytes(claims, CHALLENGE, "challenge") ?? null;
  const audience = optionalText(claims, AUDIENCE, "audience") ?? null;
  if (challenge !== null && challenge.length !== CHALLENGE_BYTES) {
    throw malformed(`a challenge has ${CHALLENGE_BYTES} bytes`);
  }
  if (audience !== null && characters(audience) > MAX_AUDIENCE) {
    throw malformed(`an audience has at most ${MAX_AUDIENCE} characters`);
  }
  const consent = claims.has(CONSENT) ? claims.get(CONSENT) : [];
  if (!Array.isArray(consent) || !consent.every((service) => typeof service === "number" && service > 0)) {
    throw malformed("consents are an array of service numbers");
  }
  const time = requiredInteger(claims, TIME, "time");
  const token = requiredBytes(claims, TOKEN, "token");
  return { time, token, challenge, audience, consent: new Set(consent as number[]) };
}

function outerHead(outer: Sign1): Headers {
  const head = headers(outer.protectedBytes);
  if (head.typ !== null) throw malformed(`an object of type ${head.typ} is no phone code`);
  if (head.algorithm === null) throw malformed("the phone's protected header names no algorithm");
  if (!isKnown(head.algorithm)) {
    throw new Unchecked("unsupported", `the phone signed with algorithm ${head.algorithm}, not known here`);
  }
  return head;
}

/** Judge the phone's own signature, by the key its token names; `bad_signature`. */
export async function checkOuter(code: Code): Promise<void> {
  if (code.outer === null) return;
  const { signed, head } = code.outer;
  const key = code.card.holderKey;
  const message = sign1Tbs(signed.protectedBytes, signed.payload);
  if (key === null || !fits(key, head.algorithm) || !(await verifySignature(key, message, signed.signature))) {
    throw new Refused("bad_signature", "the phone's signature around the token does not fit the token's key");
  }
}

/** What a reader showed to a phone: 16 random bytes, its own name, and when (epoch seconds). */
export interface Challenge {
  readonly nonce: Bytes;
  readonly audience: string;
  readonly shownAt: number;
}

/** Remembers presentations of phone codes by hexadecimal keys; a real one survives a restart. */
export interface SeenSet {
  /** When `key` was first noted, or null if it never was; notes nothing. */
  whenSeen(key: string): Promise<number | null>;
  /** When `key` was first noted, or null now that it is noted for the first time. */
  firstSeen(key: string, now: number): Promise<number | null>;
}

/** Judge freshness; `stale_code`, `replayed`, `stripped_binding`. */
export async function checkPhone(
  code: Code,
  challenge: Challenge | null,
  seen: SeenSet,
  now: number,
): Promise<{ proved: boolean; repeated: boolean }> {
  const phone = code.outer?.phone;
  if (phone === undefined) {
    throw new Refused("stripped_binding", "a phone's card without the phone's signature around it");
  }
  const proved = challenge !== null && answers(phone, challenge, now);
  const age = now - phone.time;
  if (!proved && !(-EARLY_S <= age && age <= LATE_S)) {
    const words = `${span(age)} ${age > 0 ? "old" : "ahead of this clock"}`;
    throw new Refused("stale_code", `the phone's code is ${words}; ask for a fresh one`);
  }
  // The payload's hash: a second signature over the same payload is the same presentation.
  const key = `${hex(sha256(code.signed.payload))}@${phone.time}`;
  // A second answer is refused before it is noted: noted, it would pass for a repeated scan of itself.
  if (
    proved &&
    (await seen.whenSeen(key)) === null &&
    (await seen.firstSeen(hex(challenge.nonce), now)) !== null
  ) {
    throw new Refused("replayed", "the reader's challenge was answered before");
  }
  const first = await seen.firstSeen(key, now);
  if (first === null) return { proved, repeated: false };
  if (now - first >= 0 && now - first <= SAME_SCAN_S) return { proved, repeated: true };
  throw new Refused("replayed", "this phone code was shown here before; ask for a fresh one");
}

function answers(phone: PhoneCode, challenge: Challenge, now: number): boolean {
  const waited = now - challenge.shownAt;
  return (
    phone.challenge !== null &&
    equal(phone.challenge, challenge.nonce) &&
    phone.audience === challenge.audience &&
    waited >= 0 &&
    waited <= CHALLENGE_LIFE_S
  );
}

/** A chip's answer to INTERNAL AUTHENTICATE (ISO 7816-4): its key as read, and raw r‖s. */
export interface ChipProof {
  readonly key: Bytes;
  readonly challenge: Bytes;
  readonly signature: Bytes;
  readonly tookS: number;
}

/** Judge where a code lies: bound to this chip, proved by its key; `wrong_chip`, `chip_not_proved`. */
export async function checkChip(
  code: Code,
  uid: Bytes | null,
  proof: ChipProof | null,
): Promise<{ bound: boolean; proved: boolean }> {
  // Read from paper, or from a chip without being signed for one: no more than print.
  if (uid === null || code.card.chipUid === null) return { bound: false, proved: false };
  if (!equal(uid, code.card.chipUid)) {
    throw new Refused("wrong_chip", "the code was written for another chip; this one is a copy");
  }
  if (proof === null) return { bound: true, proved: false };
  if (!(await proves(code, proof))) {
    throw new Refused("chip_not_proved", "the chip could not prove that it holds the card's key");
  }
  return { bound: true, proved: true };
}

async function proves(code: Code, proof: ChipProof): Promise<boolean> {
  // Whatever the chip sent instead of a key is no proof.
  if (proof.key.length !== 65 || proof.key[0] !== 4 || code.card.chipKey === null) return false;
  const key = new PublicKey(ES256, proof.key);
  const message = concat(ascii(CHIP_CONTEXT), proof.challenge, sha256(code.signed.payload));
  return (
    equal(code.card.chipKey, key.thumbprint.slice(0, CHIP_KEY_BYTES)) &&
    proof.challenge.length === CHALLENGE_BYTES &&
    proof.tookS >= 0 &&
    proof.tookS <= CHIP_LIFE_S &&
    (await verifySignature(key, message, proof.signature))
  );
}
