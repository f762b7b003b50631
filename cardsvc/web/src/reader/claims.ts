/** Typed access to decoded maps: one place that says what is missing or of the wrong kind. */
import type { Bytes } from "./bytes.ts";
import { MAX_INTEGER } from "./cbor.ts";
import type { CborMap, Item } from "./cbor.ts";
import { dayNumber } from "./days.ts";
import { malformed } from "./errors.ts";

/** The last day that a calendar date can name: a higher day number is nobody's last day. */
export const MAX_DAY = dayNumber("9999-12-31");

export type Label = number | string;

/** What a length in characters means to everybody else: code points, not the halves of surrogate pairs. */
export function characters(text: string): number {
  return Array.from(text).length;
}

/** A map with keys that are integers or texts. */
export function mapping(value: Item | undefined, name: string): CborMap {
  if (!(value instanceof Map)) throw malformed(`${name} must be a map`);
  for (const key of value.keys()) {
    if (typeof key !== "number" && typeof key !== "bigint" && typeof key !== "string") {
      throw malformed(`${name} has a key that is neither integer nor text`);
    }
  }
  return value;
}

export function optionalInteger(claims: CborMap, label: Label, name: string): number | undefined {
  const value = claims.get(label);
  if (value === undefined) return undefined;
  if (typeof value !== "number") throw malformed(`${name} must be an integer within ±2^53`);
  return value;
}

export function optionalText(claims: CborMap, label: Label, name: string): string | undefined {
  const value = claims.get(label);
  if (value === undefined || typeof value === "string") return value;
  throw malformed(`${name} must be text`);
}

export function optionalBytes(claims: CborMap, label: Label, name: string): Bytes | undefined {
  const value = claims.get(label);
  if (value === undefined || value instanceof Uint8Array) return value;
  throw malformed(`${name} must be a byte string`);
}

function there<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw malformed(`${name} is missing`);
  return value;
}

export function requiredInteger(claims: CborMap, label: Label, name: string): number {
  return there(optionalInteger(claims, label, name), name);
}

export function requiredText(claims: CborMap, label: Label, name: string): string {
  return there(optionalText(claims, label, name), name);
}

export function requiredBytes(claims: CborMap, label: Label, name: string): Bytes {
  return there(optionalBytes(claims, label, name), name);
}

export function array(value: Item, what: string): Item[] {
  if (!Array.isArray(value)) throw malformed(`${what}: expected an array`);
  return value;
}

/** An unsigned integer of at most `limit`. */
export function uint(value: Item, what: string, limit = MAX_INTEGER): number {
  if (typeof value !== "number" || value < 0 || value > limit) {
    throw malformed(`${what}: expected an integer from 0 to ${limit}`);
  }
  return value;
}

export function octets(value: Item, what: string, size?: number): Bytes {
  if (!(value instanceof Uint8Array) || (size !== undefined && value.length !== size)) {
    throw malformed(`${what}: expected a byte string${size === undefined ? "" : ` of ${size} bytes`}`);
  }
  return value;
}

/** The members of one map, read by label; members that nobody asks for are ignored. */
export class Fields {
  readonly #map: CborMap;
  readonly #what: string;

  constructor(raw: Item, what: string) {
    this.#map = mapping(raw, what);
    this.#what = what;
  }

  has(label: Label): boolean {
    return this.#map.has(label);
  }

  any(label: Label): Item {
    const value = this.#map.get(label);
    if (value === undefined) throw malformed(`${this.#name(label)} is missing`);
    return value;
  }

  uint(label: Label, limit = MAX_INTEGER): number {
    return uint(this.any(label), this.#name(label), limit);
  }

  optionalUint(label: Label): number | null {
    return this.has(label) ? this.uint(label) : null;
  }

  integer(label: Label, lowest: number, highest: number): number {
    const value = this.any(label);
    if (typeof value !== "number" || value < lowest || value > highest) {
      throw malformed(`${this.#name(label)}: expected an integer from ${lowest} to ${highest}`);
    }
    return value;
  }

  /** A text that is not empty. */
  text(label: Label): string {
    const value = this.any(label);
    if (typeof value !== "string" || value === "") throw malformed(`${this.#name(label)}: expected text`);
    return value;
  }

  octets(label: Label, size?: number): Bytes {
    return octets(this.any(label), this.#name(label), size);
  }

  array(label: Label): Item[] {
    return array(this.any(label), this.#name(label));
  }

  /** An array of byte strings, each one signed object. */
  documents(label: Label): Bytes[] {
    return this.array(label).map((item) => octets(item, this.#name(label)));
  }

  optionalDocuments(label: Label): Bytes[] {
    return this.has(label) ? this.documents(label) : [];
  }

  fields(label: Label): Fields {
    return new Fields(this.any(label), this.#name(label));
  }

  #name(label: Label): string {
    return `${this.#what}, member ${label}`;
  }
}
