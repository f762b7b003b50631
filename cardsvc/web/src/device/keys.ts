/**
 * The keys a browser makes for itself and cannot give away (docs/readers.md, "Enrolment"): P-256 that signs, X25519
 * that things are sealed to, and a key for its own memory. They are handles of WebCrypto: IndexedDB keeps them, and
 * no script reads them.
 */
import { x25519 } from "@noble/curves/ed25519.js";
import type { Bytes } from "../reader/bytes.ts";
import { ascii, base64, hex, sha256 } from "../reader/bytes.ts";
import { ES256, PublicKey, sign1Tbs } from "../reader/cose.ts";
import { encode, tagged } from "../reader/encode.ts";
import { unseal } from "./box.ts";

/** Pseudonyms and the device's own names of cards are the first so many bytes of an HMAC. */
export const PSEUDONYM_BYTES = 16;
const FINGERPRINT_CHARACTERS = 16;
const SIGN1_TAG = 18;
const [ALG, KID, TYP] = [1, 4, 16];
const ECDSA = { name: "ECDSA", hash: "SHA-256" };
const HMAC = { name: "HMAC", hash: "SHA-256" };
const IV_BYTES = 12;

/** As IndexedDB keeps them. `sealWrapped`: for a browser without X25519, the private half under a key of its own. */
export interface KeptKeys {
  readonly sign: CryptoKeyPair;
  readonly signPublic: Bytes;
  readonly sealPublic: Bytes;
  readonly sealPrivate: CryptoKey;
  readonly sealWrapped: { readonly iv: Bytes; readonly data: Bytes } | null;
  readonly local: CryptoKey;
}

/** New keys; nothing is kept yet. */
export async function makeKeys(): Promise<KeptKeys> {
  const sign = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const local = await crypto.subtle.generateKey({ ...HMAC, length: 256 }, false, ["sign"]);
  return { sign, signPublic: await raw(sign.publicKey), local, ...(await makeSealKey()) };
}

async function makeSealKey(): Promise<Pick<KeptKeys, "sealPublic" | "sealPrivate" | "sealWrapped">> {
  try {
    const pair = (await crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"])) as CryptoKeyPair;
    return { sealPublic: await raw(pair.publicKey), sealPrivate: pair.privateKey, sealWrapped: null };
  } catch {
    return wrappedSealKey(); // A browser of before 2025.
  }
}

/** The private half as bytes, but on disk only under a key that cannot be exported. */
export async function wrappedSealKey(): Promise<Pick<KeptKeys, "sealPublic" | "sealPrivate" | "sealWrapped">> {
  const { secretKey, publicKey } = x25519.keygen();
  const sealPrivate = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, sealPrivate, Uint8Array.from(secretKey));
  return { sealPublic: Uint8Array.from(publicKey), sealPrivate, sealWrapped: { iv, data: new Uint8Array(data) } };
}

/** What a device can do with its keys. */
export class DeviceKeys {
  readonly publicKey: PublicKey;

  constructor(private readonly kept: KeptKeys) {
    this.publicKey = new PublicKey(ES256, kept.signPublic);
  }

  /** The X25519 key that others seal to. */
  get sealPublic(): Bytes {
    return this.kept.sealPublic;
  }

  /** The beginning of the SHA-256 of the public key: to be compared by eye. */
  get fingerprint(): string {
    return hex(sha256(this.publicKey.raw)).slice(0, FINGERPRINT_CHARACTERS);
  }

  /** The public signing key as JWK (RFC 7517). */
  get jwk(): Readonly<Record<string, string>> {
    const { raw: point } = this.publicKey;
    return { kty: "EC", crv: "P-256", x: base64url(point.slice(1, 33)), y: base64url(point.slice(33)) };
  }

  /** A JWT (RFC 7519) of `claims`, signed with ES256. */
  async jws(claims: Readonly<Record<string, unknown>>, typ: string): Promise<string> {
    const parts = [{ alg: "ES256", typ }, claims].map((part) => base64url(new TextEncoder().encode(JSON.stringify(part))));
    const message = parts.join(".");
    return `${message}.${base64url(await this.sign(ascii(message)))}`;
  }

  /** A COSE_Sign1 of `payload`, with the device's kid. */
  async sign1(payload: Bytes, typ: string): Promise<Bytes> {
    const header = encode(new Map<number, number | string | Bytes>([[ALG, ES256], [KID, this.publicKey.kid], [TYP, typ]]));
    const signature = await this.sign(sign1Tbs(header, payload));
    return tagged(SIGN1_TAG, encode([header, new Map(), payload, signature]));
  }

  /** What was sealed to this device; `not_for_this_device`. */
  unseal(sealed: Bytes): Promise<Bytes> {
    return unseal(sealed, { publicKey: this.sealPublic, agree: (other) => this.agree(other) });
  }

  /** What the device's own memory calls a card, so that its disk holds no card number. */
  async whom(number: string): Promise<Bytes> {
    const digest = await crypto.subtle.sign("HMAC", this.kept.local, new TextEncoder().encode(number));
    return new Uint8Array(digest).slice(0, PSEUDONYM_BYTES);
  }

  private async sign(message: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.sign(ECDSA, this.kept.sign.privateKey, message));
  }

  private async agree(other: Bytes): Promise<Bytes> {
    const { sealPrivate, sealWrapped } = this.kept;
    if (sealWrapped === null) {
      const key = await crypto.subtle.importKey("raw", other, { name: "X25519" }, false, []);
      return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: key }, sealPrivate, 256));
    }
    const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealWrapped.iv }, sealPrivate, sealWrapped.data);
    return Uint8Array.from(x25519.getSharedSecret(new Uint8Array(opened), other));
  }
}

/** Base64url without padding (RFC 7515 section 2). */
export function base64url(data: Uint8Array): string {
  return base64(data).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function raw(key: CryptoKey): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey("raw", key));
}
