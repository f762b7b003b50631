/** What the phone signs: its proofs to the service, and the code on its screen (docs/format.md section 6). */
import { ascii, concat, type Bytes } from "../reader/bytes.ts";
import { sign1Tbs } from "../reader/cose.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const TIME = 6;
const [TOKEN, CHALLENGE, AUDIENCE, CONSENT] = [-70002, -70003, -70004, -70005];
/** The protected header {1: -7}: ES256. */
const HEADER: Bytes = Uint8Array.of(0xa1, 0x01, 0x26);
const ECDSA = { name: "ECDSA", hash: "SHA-256" };
const NONCE_BYTES = 16;
/** How a stream of level 6 begins (docs/format.md section 1), and a block of it that is stored and the last one. */
const ZLIB = [0x78, 0x9c];
const LAST_STORED = 1;
const ADLER_PRIME = 65_521;

/** The head of a CBOR item in its shortest form. */
function head(kind: number, value: number): Bytes {
  if (value < 24) return Uint8Array.of((kind << 5) | value);
  if (value < 0x100) return Uint8Array.of((kind << 5) | 24, value);
  if (value < 0x10000) return Uint8Array.of((kind << 5) | 25, value >>> 8, value & 0xff);
  const four = new DataView(new ArrayBuffer(4));
  four.setUint32(0, value);
  return concat([(kind << 5) | 26], new Uint8Array(four.buffer));
}

const integer = (value: number): Bytes => (value < 0 ? head(1, -1 - value) : head(0, value));
const octets = (data: Uint8Array): Bytes => concat(head(2, data.length), data);

function text(value: string): Bytes {
  const data = new TextEncoder().encode(value);
  return concat(head(3, data.length), data);
}

/** What a code may say besides: the answer to a reader, and the services its holder agrees to show. */
export interface Besides {
  readonly challenge?: { readonly nonce: Bytes; readonly audience: string } | undefined;
  readonly consent?: readonly number[] | undefined;
}

/** The text of the code at `time` (epoch seconds of the service's clock). */
export async function phoneCode(key: CryptoKey, token: Bytes, time: number, { challenge, consent }: Besides = {}): Promise<string> {
  // In the order of deterministic CBOR (RFC 8949 section 4.2): of -70002 and what follows, the nearest to zero first.
  const members = [concat(integer(TIME), integer(time)), concat(integer(TOKEN), octets(token))];
  if (challenge !== undefined) {
    members.push(concat(integer(CHALLENGE), octets(challenge.nonce)), concat(integer(AUDIENCE), text(challenge.audience)));
  }
  if (consent !== undefined) members.push(concat(integer(CONSENT), head(4, consent.length), ...consent.map(integer)));
  const payload = concat(head(5, members.length), ...members);
  const signature = await sign(key, sign1Tbs(HEADER, payload));
  const cose = concat(head(6, 18), head(4, 4), octets(HEADER), head(5, 0), octets(payload), octets(signature));
  return base45(await deflate(cose));
}

export function base45(data: Uint8Array): string {
  let text = "";
  for (let at = 0; at < data.length; at += 2) {
    const pair = at + 1 < data.length;
    const value = pair ? data[at]! * 256 + data[at + 1]! : data[at]!;
    text += ALPHABET[value % 45]! + ALPHABET[Math.floor(value / 45) % 45]! + (pair ? ALPHABET[Math.floor(value / 2025)]! : "");
  }
  return text;
}

export function base64url(data: Uint8Array): string {
  return btoa(String.fromCharCode(...data)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

/** That this phone holds its key now, and asks for `act`. */
export async function proof(keys: CryptoKeyPair, act: string, time: number): Promise<Record<string, string | number>> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const when = new DataView(new ArrayBuffer(8));
  when.setBigUint64(0, BigInt(time));
  const message = concat(ascii(`cardsvc-phone-1:${act}:`), nonce, new Uint8Array(when.buffer));
  const signature = await sign(keys.privateKey, message);
  return { key: base64url(await publicPoint(keys)), nonce: base64url(nonce), time, signature: base64url(signature) };
}

/** A new key of this phone, and the signed wish to carry the card of a code. */
export async function bringing(keys: CryptoKeyPair, code: string): Promise<Record<string, string>> {
  const signature = await sign(keys.privateKey, ascii(`cardsvc-enrol-1:${code}`));
  return { code, key: base64url(await publicPoint(keys)), proof: base64url(signature) };
}

/** A key that never leaves this browser: it cannot be exported, by this page or any other. */
export function makeKey(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
}

/** The public half as an uncompressed point. */
export async function publicPoint(keys: CryptoKeyPair): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
}

async function sign(key: CryptoKey, message: Bytes): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign(ECDSA, key, message));
}

/** zlib (RFC 1950); stored where a browser cannot compress: nearly all of a code is signatures, which do not shrink. */
async function deflate(data: Bytes): Promise<Uint8Array> {
  if (typeof CompressionStream === "undefined") return stored(data);
  const stream = new Blob([data]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** One block of at most 65,535 bytes; a screen shows a hundredth. Readers know our codes by the first two bytes. */
function stored(data: Bytes): Bytes {
  const [size, check] = [new DataView(new ArrayBuffer(4)), new DataView(new ArrayBuffer(4))];
  size.setUint16(0, data.length, true);
  size.setUint16(2, ~data.length, true);
  check.setUint32(0, adler32(data));
  return concat(ZLIB, [LAST_STORED], new Uint8Array(size.buffer), data, new Uint8Array(check.buffer));
}

function adler32(data: Bytes): number {
  let [one, two] = [1, 0];
  for (const byte of data) {
    one = (one + byte) % ADLER_PRIME;
    two = (two + one) % ADLER_PRIME;
  }
  return two * 0x10000 + one;
}
