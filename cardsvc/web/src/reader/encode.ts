/** Deterministic CBOR out (RFC 8949 section 4.2.1): shortest forms, definite lengths, keys in the order of their bytes. */
import type { Bytes } from "./bytes.ts";
import { concat } from "./bytes.ts";

/** What this writer writes: integers within ±2^53, texts, bytes, true and false, arrays, maps. */
export type Writable = number | string | boolean | Bytes | readonly Writable[] | ReadonlyMap<Writable, Writable>;

const UTF8 = new TextEncoder();

export function encode(item: Writable): Bytes {
  if (typeof item === "number") {
    if (!Number.isSafeInteger(item)) throw new RangeError(`${item} is no integer within ±2^53`);
    return item < 0 ? head(1, -1 - item) : head(0, item);
  }
  if (typeof item === "string") {
    const data = UTF8.encode(item);
    return concat(head(3, data.length), data);
  }
  if (typeof item === "boolean") return Uint8Array.of(item ? 0xf5 : 0xf4);
  if (item instanceof Uint8Array) return concat(head(2, item.length), item);
  if (item instanceof Map) return map(item);
  const items = item as readonly Writable[];
  return concat(head(4, items.length), ...items.map(encode));
}

/** A tag around an item that stands ready as bytes. */
export function tagged(tag: number, item: Bytes): Bytes {
  return concat(head(6, tag), item);
}

function map(members: ReadonlyMap<Writable, Writable>): Bytes {
  const pairs = Array.from(members, ([key, value]) => [encode(key), encode(value)] as const);
  pairs.sort(([one], [other]) => compare(one, other));
  return concat(head(5, pairs.length), ...pairs.flat());
}

function compare(one: Bytes, other: Bytes): number {
  for (let at = 0; at < one.length && at < other.length; at++) {
    const difference = one[at]! - other[at]!;
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

/** The head of an item: its major type and its argument in the shortest form. */
function head(major: number, argument: number): Bytes {
  const first = major << 5;
  if (argument < 24) return Uint8Array.of(first | argument);
  const bytes = new Uint8Array(9);
  const view = new DataView(bytes.buffer);
  if (argument < 0x100) {
    view.setUint16(0, ((first | 24) << 8) | argument);
    return bytes.slice(0, 2);
  }
  if (argument < 0x1_0000) {
    bytes[0] = first | 25;
    view.setUint16(1, argument);
    return bytes.slice(0, 3);
  }
  if (argument < 0x1_0000_0000) {
    bytes[0] = first | 26;
    view.setUint32(1, argument);
    return bytes.slice(0, 5);
  }
  bytes[0] = first | 27;
  view.setBigUint64(1, BigInt(argument));
  return bytes;
}
