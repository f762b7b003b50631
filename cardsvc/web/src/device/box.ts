/**
 * libsodium's sealed boxes (`crypto_box_seal`), byte for byte: X25519 with a fresh key, XSalsa20-Poly1305, and a
 * nonce that is the BLAKE2b of both public keys. The wire wants these (docs/readers.md); no browser has them.
 *
 * Sealing is synchronous, so that a record can be chained and sealed inside one transaction of IndexedDB, which
 * waits for nothing else.
 */
import { hsalsa, xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { blake2b } from "@noble/hashes/blake2.js";
import type { Bytes } from "../reader/bytes.ts";
import { ascii, concat } from "../reader/bytes.ts";
import { Refused } from "../reader/errors.ts";

export const SEAL_KEY_BYTES = 32;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;
const SIGMA = words(ascii("expand 32-byte k"));

/** Who can open a box: a public key, and the private one's only operation, X25519 (RFC 7748). */
export interface Opener {
  readonly publicKey: Bytes;
  agree(other: Bytes): Promise<Bytes>;
}

/** Seal `data` so that only the owner of `to` opens it, and not even the sealer. */
export function seal(data: Bytes, to: Bytes): Bytes {
  const { secretKey, publicKey } = x25519.keygen();
  const shared = x25519.getSharedSecret(secretKey, to);
  return concat(publicKey, box(shared, publicKey, to).encrypt(data));
}

/** Open what was sealed to this key; `not_for_this_device` for anything else. */
export async function unseal(sealed: Bytes, opener: Opener): Promise<Bytes> {
  try {
    if (sealed.length < SEAL_KEY_BYTES + TAG_BYTES) throw new RangeError("too short");
    const fresh = sealed.slice(0, SEAL_KEY_BYTES);
    const shared = await opener.agree(fresh);
    return Uint8Array.from(box(shared, fresh, opener.publicKey).decrypt(sealed.slice(SEAL_KEY_BYTES)));
  } catch {
    // Whatever a stranger sent instead: a point of small order, a broken tag, nothing at all.
    throw new Refused("not_for_this_device", "this was not sealed to this device, or is damaged");
  }
}

/** `crypto_box` between two keys: HSalsa20 of what they share, and the nonce that a sealed box has. */
function box(shared: Uint8Array, fresh: Uint8Array, to: Uint8Array): ReturnType<typeof xsalsa20poly1305> {
  const key = new Uint32Array(8);
  hsalsa(SIGMA, words(shared), new Uint32Array(4), key);
  const nonce = blake2b(concat(fresh, to), { dkLen: NONCE_BYTES });
  return xsalsa20poly1305(octets(key), nonce);
}

/** Little-endian words, whatever the machine's own order is. */
function words(data: Uint8Array): Uint32Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Uint32Array.from({ length: data.length / 4 }, (_, at) => view.getUint32(4 * at, true));
}

function octets(from: Uint32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * from.length));
  from.forEach((word, at) => view.setUint32(4 * at, word, true));
  return new Uint8Array(view.buffer);
}
