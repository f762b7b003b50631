import { expect, test } from "vitest";
import { fromHex, hex } from "./bytes.ts";
import { decode } from "./cbor.ts";
import { encode } from "./encode.ts";
import type { Writable } from "./encode.ts";

/** RFC 8949 appendix A, as far as this writer goes. */
const KNOWN: readonly [Writable, string][] = [
  [0, "00"], [23, "17"], [24, "1818"], [255, "18ff"], [256, "190100"], [65_536, "1a00010000"], [2 ** 40, "1b0000010000000000"],
  [-1, "20"], [-100, "3863"], ["", "60"], ["水", "63e6b0b4"], [Uint8Array.of(1, 2), "420102"], [true, "f5"], [false, "f4"],
  [[1, [2, 3]], "8201820203"], [new Map([["a", 1], ["b", 2]]), "a2616101616202"],
]; // prettier-ignore

test.each(KNOWN)("%s is %s", (item, written) => {
  expect(hex(encode(item))).toBe(written);
});

test("keys stand in the order of their bytes: 10, 100, -1, text (RFC 8949 section 4.2.1)", () => {
  const map = new Map<Writable, Writable>([["z", 0], [-1, 0], [100, 0], [10, 0], ["aa", 0]]); // prettier-ignore
  expect(Array.from((decode(encode(map)) as Map<unknown, unknown>).keys())).toEqual([10, 100, -1, "z", "aa"]);
});

test("what it writes, the strict reader reads back", () => {
  const item = new Map<Writable, Writable>([[1, [Uint8Array.of(9), "ü", 2 ** 53 - 1]], [-70001, new Map([[5, true]])]]); // prettier-ignore
  expect(decode(encode(item))).toEqual(item);
});

test("what is no integer of this format is not written", () => {
  for (const wrong of [1.5, Number.NaN, 2 ** 53]) expect(() => encode(wrong)).toThrow(RangeError);
  expect(fromHex("00")).toEqual(encode(0));
});
