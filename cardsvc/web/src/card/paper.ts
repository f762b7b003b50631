/**
 * A recovery code: 23 letters and a check letter to be written down, and the key that is made from it
 * (docs/holder.md). Neither the letters nor the key are kept or sent; the service knows the public half alone.
 */
import { p256 } from "@noble/curves/nist.js";
import { ascii } from "../reader/bytes.ts";
import { base64url } from "./code.ts";

/** Nobody mistakes these for one another, read aloud or written by hand. */
export const LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
/** 23 of 30 letters are 112 bits: nobody tries them out. */
const SECRET = 23;
export const WRITTEN = SECRET + 1;
const GROUP = 4;
const SALT = ascii("cardsvc-recovery-1");
/** 48 bytes reduced modulo n − 1: no number is likelier than another (FIPS 186-5, A.2.1). */
const WIDE_BITS = 384;
const KEY_BYTES = 32;

export function newPaper(): string {
  // Multiples of 30 alone, so that every letter is as likely as any other.
  const fair = 256 - (256 % LETTERS.length);
  let letters = "";
  while (letters.length < SECRET) {
    const [byte = 0] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < fair) letters += LETTERS[byte % LETTERS.length];
  }
  return letters + checkLetter(letters);
}

/** In groups of four, as it is written down. */
export const grouped = (letters: string): readonly string[] => letters.match(new RegExp(`.{1,${GROUP}}`, "g")) ?? [];

/** Letters however they were typed. */
export const tidied = (text: string): string => text.toUpperCase().replace(/[^0-9A-Z]/g, "");

/** Whether the letters are a code: all there, none mistaken for another. */
export function isPaper(letters: string): boolean {
  const known = letters.length === WRITTEN && [...letters].every((one) => LETTERS.includes(one));
  return known && letters.at(-1) === checkLetter(letters.slice(0, SECRET));
}

/** ISO/IEC 7064's hybrid system (M + 1, M), with M = 30: one wrong letter always shows. */
export function checkLetter(letters: string): string {
  const size = LETTERS.length;
  let product = size;
  for (const letter of letters) {
    const sum = (product + LETTERS.indexOf(letter)) % size || size;
    product = (sum * 2) % (size + 1);
  }
  return LETTERS[(size + 1 - product) % size] ?? "";
}

/** The key behind the letters, which this page cannot read out again. */
export async function paperKey(letters: string): Promise<CryptoKeyPair> {
  const base = await crypto.subtle.importKey("raw", ascii(letters.slice(0, SECRET)), "HKDF", false, ["deriveBits"]);
  const wide = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: SALT, info: new Uint8Array() }, base, WIDE_BITS);
  const secret = bytesOf((numberOf(new Uint8Array(wide)) % (p256.Point.Fn.ORDER - 1n)) + 1n);
  const point = p256.getPublicKey(secret, false) as Uint8Array<ArrayBuffer>;
  const [x, y] = [point.slice(1, 1 + KEY_BYTES), point.slice(1 + KEY_BYTES)];
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  const jwk = { kty: "EC", crv: "P-256", x: base64url(x), y: base64url(y), d: base64url(secret) };
  return {
    privateKey: await crypto.subtle.importKey("jwk", jwk, curve, false, ["sign"]),
    publicKey: await crypto.subtle.importKey("raw", point, curve, true, ["verify"]),
  };
}

const numberOf = (data: Uint8Array): bigint => data.reduce((value, byte) => value * 256n + BigInt(byte), 0n);
const bytesOf = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: KEY_BYTES }, (_, at) => Number((value >> BigInt(8 * (KEY_BYTES - 1 - at))) & 255n));
