/**
 * COSE_Sign1 and COSE_Sign from bytes, keys and headers (RFC 9052, 9053, 9679; docs/format.md section 1).
 *
 * Deliberately narrow. What decides comes from the protected header alone; a signature never stands for what
 * it signs, so nothing here identifies a card by it.
 */
import { ascii, concat, sha256 } from "./bytes.ts";
import type { Bytes } from "./bytes.ts";
import { byteString, decode, Float } from "./cbor.ts";
import type { CborMap, Item } from "./cbor.ts";
import { mapping } from "./claims.ts";
import { Refused, Unchecked, malformed } from "./errors.ts";
import { SIGNATURE_BYTES, isSoundEd25519, isSoundP256, verifyEd25519, verifyP256 } from "./signature.ts";

export const EDDSA = -8;
export const ES256 = -7;
/** RFC 9864 names the same signatures with their curve. */
const ED25519 = -19;
const ESP256 = -9;
/** A key that signs nothing: X25519, to seal journals to. */
export const SEALING = 0;
const KNOWN_ALGORITHMS = new Set([EDDSA, ED25519, ES256, ESP256]);
export const KID_BYTES = 8;

const ALG = 1;
const CRIT = 2;
const KID = 4;
const TYP = 16;

/** A public key: 32 bytes for Ed25519 and X25519, `04 ‖ x ‖ y` for P-256. */
export class PublicKey {
  #thumbprint: Bytes | undefined;

  constructor(
    readonly algorithm: number,
    readonly raw: Bytes,
  ) {
    const size = algorithm === ES256 ? 65 : 32;
    if (raw.length !== size || (size === 65 && raw[0] !== 4)) {
      throw malformed(`a key of ${size} bytes was expected, ${raw.length} came`);
    }
  }

  /** The first 8 bytes of the thumbprint: a hint which key to try, never proof of one. */
  get kid(): Bytes {
    return this.thumbprint.slice(0, KID_BYTES);
  }

  /** The SHA-256 COSE_Key thumbprint (RFC 9679): over the required members alone, deterministically written. */
  get thumbprint(): Bytes {
    if (this.#thumbprint === undefined) {
      const raw = this.raw;
      const written =
        this.algorithm === ES256
          ? concat([0xa4, 1, 2, 0x20, 1, 0x21], byteString(raw.slice(1, 33)), [0x22], byteString(raw.slice(33)))
          : concat([0xa3, 1, 1, 0x20, this.algorithm === SEALING ? 4 : 6, 0x21], byteString(raw));
      this.#thumbprint = sha256(written);
    }
    return this.#thumbprint;
  }

  /** Read a COSE_Key; `malformed` if it is none of the three kinds known here. */
  static fromCoseKey(item: Item | undefined): PublicKey {
    const key = mapping(item, "a COSE_Key");
    const kind = `${String(key.get(1))}/${String(key.get(-1))}`;
    const typed = typeof key.get(1) === "number" && typeof key.get(-1) === "number";
    const x = key.get(-2);
    const y = key.get(-3);
    if (typed && x instanceof Uint8Array) {
      if (kind === "2/1" && y instanceof Uint8Array) return new PublicKey(ES256, concat([4], x, y));
      if (kind === "1/6") return new PublicKey(EDDSA, x);
      if (kind === "1/4") return new PublicKey(SEALING, x);
    }
    throw malformed("a COSE_Key of Ed25519, X25519 or P-256 (y uncompressed) was expected");
  }
}

/** Refuse keys that would verify anything: small order, not canonical, off the curve (`weak_key`). */
export function checkPublic(key: PublicKey): void {
  if (key.algorithm === EDDSA && !isSoundEd25519(key.raw)) {
    throw new Refused("weak_key", "an Ed25519 key of small order or in a form that is not canonical");
  }
  if (key.algorithm === ES256 && !isSoundP256(key.raw)) throw new Refused("weak_key", "a P-256 key off the curve");
}

/** Whether a header's algorithm is one this key is listed for. */
export function fits(key: PublicKey, algorithm: number | bigint | null): boolean {
  if (key.algorithm === EDDSA) return algorithm === EDDSA || algorithm === ED25519;
  return key.algorithm === ES256 && (algorithm === ES256 || algorithm === ESP256);
}

export function isKnown(algorithm: number | bigint | null): boolean {
  return typeof algorithm === "number" && KNOWN_ALGORITHMS.has(algorithm);
}

/** Judge a 64-byte signature: Ed25519 as libsodium does (section 1), P-256 as raw r‖s with SHA-256. */
export async function verifySignature(key: PublicKey, message: Bytes, signature: Bytes): Promise<boolean> {
  if (signature.length !== SIGNATURE_BYTES) return false;
  if (key.algorithm === EDDSA) return verifyEd25519(key.raw, message, signature);
  return key.algorithm === ES256 && verifyP256(key.raw, message, signature);
}

/** What a protected header says, as far as this format cares. */
export interface Headers {
  readonly algorithm: number | bigint | null;
  readonly kid: Bytes | null;
  readonly typ: string | null;
}

/** Read a protected header; any `crit` is `unsupported`: what it asks for is not done here. */
export function headers(protectedBytes: Bytes): Headers {
  const item: CborMap = protectedBytes.length ? mapping(decode(protectedBytes), "the protected header") : new Map();
  if (item.has(CRIT)) throw new Unchecked("unsupported", "the header names critical extensions not known here");
  const algorithm = item.get(ALG) ?? null;
  const kid = item.get(KID) ?? null;
  const typ = item.get(TYP) ?? null;
  if (algorithm !== null && typeof algorithm !== "number" && typeof algorithm !== "bigint") {
    throw new Unchecked("unsupported", "a named algorithm is not known here");
  }
  if (kid !== null && !(kid instanceof Uint8Array)) throw malformed("the key identifier is not a byte string");
  if (typ !== null && typeof typ !== "string") throw new Unchecked("unsupported", "a numeric typ is not known here");
  return { algorithm, kid, typ };
}

/** A COSE_Sign1 whose parts are kept as the bytes they came in: nothing is encoded again to be checked. */
export interface Sign1 {
  readonly protectedBytes: Bytes;
  readonly payload: Bytes;
  readonly signature: Bytes;
  readonly unprotected: CborMap;
}

/** The key identifier; a protected one wins over an unprotected one. */
export function kidOf(message: Sign1, head: Headers): Bytes | null {
  if (head.kid !== null) return head.kid;
  const kid = message.unprotected.get(KID);
  return kid instanceof Uint8Array ? kid : null;
}

/** Read tag 18, or 61 around 18 (RFC 8392 section 6), and nothing else. */
export function decodeSign1(data: Bytes): Sign1 {
  const inner = data[0] === 0xd8 && data[1] === 0x3d ? data.subarray(2) : data;
  if (inner[0] !== 0xd2) throw malformed("not a COSE_Sign1: tag 18 was expected");
  const item = decode(inner.subarray(1));
  if (!Array.isArray(item) || item.length !== 4) throw malformed("a COSE_Sign1 is an array of four");
  const [protectedBytes, unprotected, payload, signature] = item;
  if (!isBytes(protectedBytes) || !(unprotected instanceof Map) || !isBytes(payload) || !isBytes(signature)) {
    throw malformed("a COSE_Sign1 holds bytes, a map, bytes, bytes");
  }
  if (mapping(unprotected, "the unprotected header").has(CRIT)) {
    throw malformed("crit stands in the unprotected header, where RFC 9052 forbids it");
  }
  return { protectedBytes, payload, signature, unprotected };
}

/** The Sig_structure of a COSE_Sign1 (RFC 9052 section 4.4): the bytes that are signed. */
export function sign1Tbs(protectedBytes: Bytes, payload: Bytes, external: Bytes = new Uint8Array(0)): Bytes {
  const parts = [protectedBytes, external, payload].map(byteString);
  return concat([0x84, 0x6a], ascii("Signature1"), ...parts);
}

/** One signer of a COSE_Sign. */
export interface Signer {
  readonly protectedBytes: Bytes;
  readonly signature: Bytes;
}

/** A COSE_Sign: one payload, any number of signers. */
export interface Sign {
  readonly protectedBytes: Bytes;
  readonly payload: Bytes;
  readonly signers: readonly Signer[];
}

/** Read tag 98 and nothing else. */
export function decodeSign(data: Bytes): Sign {
  if (data[0] !== 0xd8 || data[1] !== 0x62) throw malformed("not a COSE_Sign: tag 98 was expected");
  const item = decode(data.subarray(2));
  if (!Array.isArray(item) || item.length !== 4) throw malformed("a COSE_Sign is an array of four");
  const [protectedBytes, unprotected, payload, signers] = item;
  if (!isBytes(protectedBytes) || !(unprotected instanceof Map) || !isBytes(payload)) {
    throw malformed("a COSE_Sign holds bytes, a map, bytes and signers");
  }
  const crit = Array.from(unprotected.keys()).some((key) => key === CRIT || (key instanceof Float && key.value === CRIT));
  if (!Array.isArray(signers) || signers.length === 0 || crit) {
    throw malformed("a COSE_Sign has at least one signer and no unprotected crit");
  }
  return { protectedBytes, payload, signers: signers.map(signer) };
}

function signer(item: Item): Signer {
  if (Array.isArray(item) && item.length === 3) {
    const [protectedBytes, unprotected, signature] = item;
    if (isBytes(protectedBytes) && unprotected instanceof Map && isBytes(signature)) return { protectedBytes, signature };
  }
  throw malformed("a signer is an array of bytes, a map and bytes");
}

/** The Sig_structure of one signer of a COSE_Sign (RFC 9052 section 4.4). */
export function signTbs(body: Bytes, signerBytes: Bytes, payload: Bytes, external: Bytes = new Uint8Array(0)): Bytes {
  const parts = [body, signerBytes, external, payload].map(byteString);
  return concat([0x85, 0x69], ascii("Signature"), ...parts);
}

function isBytes(item: Item | undefined): item is Bytes {
  return item instanceof Uint8Array;
}
