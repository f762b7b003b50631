/**
 * Strict CBOR in (RFC 8949; docs/format.md section 1): definite lengths, no duplicate keys, bounded depth,
 * no tags, nothing behind the item.
 *
 * Integers within ±2^53 are numbers, others are bigints, floats are `Float`, so that `1.0` is never taken for
 * `1`. Floats and odd keys inside claims that nobody reads are harmless; who reads a claim checks its type.
 */
import type { Bytes } from "./bytes.ts";
import { hex } from "./bytes.ts";
import { malformed } from "./errors.ts";

/** Deep enough for every object of the format, shallow enough for any stack. */
export const MAX_DEPTH = 16;
/** Integers beyond ±2^53 are malformed where they are read, ±2^53 itself is not (section 1). */
export const MAX_INTEGER = 2 ** 53;

/** A floating-point number, which no claim of this format is. */
export class Float {
  constructor(readonly value: number) {}
}

/** A simple value without a meaning here. */
export class Simple {
  constructor(readonly value: number) {}
}

export type Item = number | bigint | string | boolean | null | Bytes | Float | Simple | Item[] | CborMap;
export type CborMap = Map<Item, Item>;

/** Read exactly one item without tags; anything else is refused as `malformed`. */
export function decode(data: Bytes): Item {
  const reader = new Reader(data);
  const item = reader.item(0);
  if (reader.at !== data.length) throw malformed(`${data.length - reader.at} bytes follow the CBOR item`);
  return item;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class Reader {
  at = 0;
  readonly #data: Bytes;
  readonly #view: DataView;

  constructor(data: Bytes) {
    this.#data = data;
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  /** One item; `depth` counts the containers around it. */
  item(depth: number): Item {
    const head = this.#take(1)[0]!;
    const major = head >> 5;
    const info = head & 31;
    if (info > 27) throw malformed("a length that is indefinite or reserved");
    if (major === 7) return this.#simple(info);
    const argument = this.#argument(info);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return typeof argument === "number" && argument < MAX_INTEGER ? -1 - argument : -1n - BigInt(argument);
      case 2:
        return this.#take(Number(argument)).slice();
      case 3:
        return this.#text(Number(argument));
      case 4:
        return this.#array(Number(argument), depth);
      case 5:
        return this.#map(Number(argument), depth);
      default:
        throw malformed("no CBOR tag is allowed here");
    }
  }

  #take(size: number): Bytes {
    if (size > this.#data.length - this.at) throw malformed("the CBOR item ends early");
    this.at += size;
    return this.#data.subarray(this.at - size, this.at);
  }

  #argument(info: number): number | bigint {
    if (info < 24) return info;
    const at = this.at;
    this.#take(1 << (info - 24));
    if (info === 24) return this.#view.getUint8(at);
    if (info === 25) return this.#view.getUint16(at);
    if (info === 26) return this.#view.getUint32(at);
    const wide = this.#view.getBigUint64(at);
    return wide <= BigInt(MAX_INTEGER) ? Number(wide) : wide;
  }

  #text(size: number): string {
    try {
      return UTF8.decode(this.#take(size));
    } catch (error) {
      if (error instanceof TypeError) throw malformed("a text that is not UTF-8");
      throw error;
    }
  }

  #array(count: number, depth: number): Item[] {
    this.#checkCount(count, depth);
    const items: Item[] = [];
    for (let i = 0; i < count; i++) items.push(this.item(depth + 1));
    return items;
  }

  #map(count: number, depth: number): CborMap {
    this.#checkCount(2 * count, depth);
    const map: CborMap = new Map();
    const seen = new Set<string>();
    for (let i = 0; i < count; i++) {
      const key = this.item(depth + 1);
      const identity = identityOf(key);
      if (identity !== null) {
        if (seen.has(identity)) throw malformed("a map has one key twice");
        seen.add(identity);
      }
      map.set(key, this.item(depth + 1));
    }
    return map;
  }

  #checkCount(count: number, depth: number): void {
    if (count > 0 && depth >= MAX_DEPTH) throw malformed(`nested deeper than ${MAX_DEPTH}`);
    if (count > this.#data.length - this.at) throw malformed("the CBOR item ends early");
  }

  #simple(info: number): Item {
    const at = this.at;
    switch (info) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
        return null;
      case 24: {
        const value = this.#take(1)[0]!;
        if (value < 32) throw malformed("a simple value that is not in its one form");
        return new Simple(value);
      }
      case 25:
        return new Float(half(this.#view, this.#at(at, 2)));
      case 26:
        return new Float(this.#view.getFloat32(this.#at(at, 4)));
      case 27:
        return new Float(this.#view.getFloat64(this.#at(at, 8)));
      default:
        return new Simple(info);
    }
  }

  #at(at: number, size: number): number {
    this.#take(size);
    return at;
  }
}

function half(view: DataView, at: number): number {
  const word = view.getUint16(at);
  const exponent = (word >> 10) & 31;
  const fraction = word & 1023;
  const sign = word & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}

/**
 * Keys of one identity count as one: true, 1, 1.0 and simple value 1, since a reader in another language may
 * not tell them apart. NaN equals nothing and has none. `undefined` (simple value 23) is only itself.
 */
function identityOf(key: Item): string | null {
  if (typeof key === "boolean") return key ? "1" : "0";
  if (typeof key === "number" || typeof key === "bigint") return String(BigInt(key));
  if (typeof key === "string") return `t${JSON.stringify(key)}`;
  if (key === null) return "null";
  if (key instanceof Float) {
    if (Number.isNaN(key.value)) return null;
    return Number.isInteger(key.value) ? String(BigInt(key.value)) : `f${key.value}`;
  }
  if (key instanceof Simple) return key.value === 23 ? "undefined" : String(key.value);
  if (key instanceof Uint8Array) return `b${hex(key)}`;
  if (Array.isArray(key)) {
    const parts = key.map(identityOf);
    return parts.includes(null) ? null : `[${parts.join()}]`;
  }
  const pairs = Array.from(key, ([name, value]) => [identityOf(name), identityOf(value)]);
  if (pairs.some((pair) => pair.includes(null))) return null;
  return `{${pairs.map((pair) => pair.join(":")).sort().join()}}`;
}

/** The CBOR byte string of `data`, for structures whose parts stand ready as bytes. */
export function byteString(data: Uint8Array): Bytes {
  const size = data.length;
  const whole = new Uint8Array(9 + size);
  const view = new DataView(whole.buffer);
  let at = 1;
  if (size < 24) {
    view.setUint8(0, 0x40 | size);
  } else if (size < 1 << 8) {
    view.setUint16(0, 0x5800 | size);
    at = 2;
  } else if (size < 1 << 16) {
    view.setUint8(0, 0x59);
    view.setUint16(1, size);
    at = 3;
  } else {
    view.setUint8(0, 0x5a);
    view.setUint32(1, size);
    at = 5;
  }
  whole.set(data, at);
  return whole.slice(0, at + size);
}
