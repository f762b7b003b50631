/** Byte strings: the few things that JavaScript does not bring along. */
import { sha256 as digest } from "@noble/hashes/sha2.js";

import { malformed } from "./errors.ts";

/** Bytes that nobody shares with another thread, as WebCrypto wants them. */
export type Bytes = Uint8Array<ArrayBuffer>;

export function concat(...parts: readonly ArrayLike<number>[]): Bytes {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function hex(data: Uint8Array): string {
  let text = "";
  for (const byte of data) text += DIGITS[byte];
  return text;
}

/** Hexadecimal text with white space between bytes, as claim 169 may hold a photograph; else `malformed`. */
export function fromHex(text: string): Bytes {
  if (!/^[ \t\n\r\f\v]*(?:[0-9A-Fa-f]{2}[ \t\n\r\f\v]*)*$/.test(text)) {
    throw malformed("expected hexadecimal text");
  }
  const digits = text.replace(/[ \t\n\r\f\v]/g, "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

export function base64(data: Uint8Array): string {
  let text = "";
  for (const byte of data) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Strict base64 (RFC 4648 section 4); else `malformed`. */
export function fromBase64(text: string): Bytes {
  let plain: string;
  try {
    plain = atob(text);
  } catch {
    throw malformed("expected base64");
  }
  const data = Uint8Array.from(plain, (character) => character.charCodeAt(0));
  if (base64(data) !== text) throw malformed("expected base64 in its one canonical form");
  return data;
}

/** SHA-256 at once: WebCrypto's is a promise, and a thumbprint is wanted in the middle of a parser. */
export function sha256(data: Uint8Array): Bytes {
  return Uint8Array.from(digest(data));
}

export function ascii(text: string): Bytes {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
