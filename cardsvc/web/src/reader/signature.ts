/**
 * Signatures of Ed25519 and P-256 (docs/format.md section 1), by WebCrypto where it knows the curve, else by
 * `@noble/curves`.
 *
 * Ed25519 is judged everywhere as libsodium does: S < L, A and R canonical and not of small order, and the
 * equation without the cofactor. What platforms may see differently is settled here before they are asked.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256 } from "@noble/curves/nist.js";

import { concat, equal, fromHex, hex } from "./bytes.ts";
import type { Bytes } from "./bytes.ts";

export const SIGNATURE_BYTES = 64;

const Point = ed25519.Point;
const L = Point.CURVE().n;
const P = Point.CURVE().p;

/** Who checks the equation: `platform` (WebCrypto) or `library`. */
export interface Curves {
  ed25519(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean>;
  p256(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean>;
}

/** A list's keys are the same at every reading, and the check for the prime-order group is a whole product. */
const soundness = new Map<string, boolean>();
/** A city has a few dozen keys; a stranger's list of others is forgotten with the next. */
const MAX_REMEMBERED = 1024;

/** Whether a key is what a list may hold: canonical, on the curve, of the prime-order group. */
export function isSoundEd25519(key: Bytes): boolean {
  const name = hex(key);
  let sound = soundness.get(name);
  if (sound === undefined) {
    if (soundness.size >= MAX_REMEMBERED) soundness.clear();
    sound = inPrimeOrderGroup(key);
    soundness.set(name, sound);
  }
  return sound;
}

function inPrimeOrderGroup(key: Bytes): boolean {
  try {
    const point = Point.fromBytes(key);
    return !point.isSmallOrder() && point.isTorsionFree();
  } catch {
    return false;
  }
}

/** Whether an uncompressed point lies on P-256. */
export function isSoundP256(key: Bytes): boolean {
  try {
    p256.Point.fromBytes(key).assertValidity();
    return true;
  } catch {
    return false;
  }
}

/** Judge a raw signature of 64 bytes by libsodium's rule. */
export async function verifyEd25519(key: Bytes, message: Bytes, signature: Bytes, by?: Curves): Promise<boolean> {
  const r = signature.slice(0, 32);
  const s = littleEndian(signature.slice(32));
  if (s >= L || !isNormal(key) || !isNormal(r)) return false;
  return (by ?? (await curves())).ed25519(key, message, signature);
}

/** Judge raw r‖s over SHA-256 of the message. */
export async function verifyP256(key: Bytes, message: Bytes, signature: Bytes, by?: Curves): Promise<boolean> {
  return (by ?? (await curves())).p256(key, message, signature);
}

/** A canonical encoding of no point of small order; whether it is a point at all shows in the equation. */
function isNormal(encoded: Bytes): boolean {
  const y = littleEndian(encoded) & ((1n << 255n) - 1n);
  return y < P && !smallOrders().has(y);
}

let small: ReadonlySet<bigint> | undefined;

/** The y coordinates of the eight points of small order: 0, ±1, and two of order eight. */
function smallOrders(): ReadonlySet<bigint> {
  small ??= new Set(
    SMALL_ORDER.map((text) => littleEndian(fromHex(text))),
  );
  return small;
}

const SMALL_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

function littleEndian(data: Uint8Array): bigint {
  return BigInt(`0x${hex(data.slice().reverse())}`);
}

/** The equation R = s·B − k·A on points, compared as bytes; for platforms without Ed25519. */
export const library: Curves = {
  async ed25519(key, message, signature) {
    try {
      const a = Point.fromBytes(key);
      const r = signature.slice(0, 32);
      const hashed = new Uint8Array(await crypto.subtle.digest("SHA-512", concat(r, key, message)));
      const s = littleEndian(signature.slice(32));
      const k = littleEndian(hashed) % L;
      const expected = Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k));
      return equal(expected.toBytes(), r);
    } catch {
      return false;
    }
  },
  async p256(key, message, signature) {
    try {
      return p256.verify(signature, message, key, { lowS: false });
    } catch {
      return false;
    }
  },
};

const ES256 = { name: "ECDSA", namedCurve: "P-256" };

/** WebCrypto: a key that it cannot read verifies nothing. */
export const platform: Curves = {
  ed25519: (key, message, signature) => ask({ name: "Ed25519" }, { name: "Ed25519" }, key, message, signature),
  p256: (key, message, signature) => ask(ES256, { name: "ECDSA", hash: "SHA-256" }, key, message, signature),
};

async function ask(
  kind: EcKeyImportParams | Algorithm,
  how: EcdsaParams | Algorithm,
  key: Bytes,
  message: Bytes,
  signature: Bytes,
): Promise<boolean> {
  try {
    const imported = await crypto.subtle.importKey("raw", key, kind, false, ["verify"]);
    return await crypto.subtle.verify(how, imported, signature, message);
  } catch {
    return false;
  }
}

let chosen: Promise<Curves> | undefined;

/** The platform where it knows a signature of RFC 8032 (section 7.1, test 1), curve by curve; else the library. */
function curves(): Promise<Curves> {
  chosen ??= (async () => ({
    ed25519: (await knowsEd25519()) ? platform.ed25519 : library.ed25519,
    p256: platform.p256,
  }))();
  return chosen;
}

async function knowsEd25519(): Promise<boolean> {
  return platform.ed25519(fromHex(RFC8032_KEY), new Uint8Array(0), fromHex(RFC8032_SIGNATURE));
}

const RFC8032_KEY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const RFC8032_SIGNATURE =
  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
