import { expect, it } from "vitest";
import { bytesOf, textOf } from "./api/passkey.ts";
import { COUNTRIES, countryName } from "./countries.ts";
import { isNoDay, isoDay } from "./ui/fields.tsx";

it.each([
  ["1979-11-30", "1979-11-30"],
  ["19791130", "1979-11-30"],
  ["1979/1/3", "1979-01-03"],
  [" 1979.11.30 ", "1979-11-30"],
  ["1979年1月3日", "1979-01-03"],
  ["1979 1 3", "1979-01-03"],
  ["30.11.1979", "30.11.1979"],
  ["soon", "soon"],
])("takes the day %s as %s", (typed, meant) => {
  expect(isoDay(typed)).toBe(meant);
});

it.each(["2027116", "202712", "20271", "2027-116", "202711-6", "2027 116", "2027年116日", "2027116日", "202701160"])(
  "guesses no day behind %s, where a zero or a mark is missing",
  (typed) => {
    expect(isoDay(typed)).toBe(typed);
    expect(isNoDay(typed)).toBe(true);
  },
);

it("tells a day of the calendar, or nothing at all, from a mistake", () => {
  expect(["", "  ", "20271106", "2027/1/6", "2028-02-29"].filter(isNoDay)).toEqual([]);
  const wrong = ["soon", "2027", "20270230", "20271301", "30.11.2027"];
  expect(wrong.filter(isNoDay)).toEqual(wrong);
});

it("names every country in both languages", () => {
  expect(COUNTRIES.length).toBe(249);
  expect(new Set(COUNTRIES).size).toBe(249);
  for (const code of COUNTRIES) {
    expect(countryName(code, "en")).not.toBe(code);
    expect(countryName(code, "zh")).toMatch(/\p{Script=Han}/u);
  }
  expect(countryName("UNO", "en")).toBe("UNO");
});

it("carries bytes through base64url", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  expect(bytesOf(textOf(bytes.buffer))).toEqual(bytes);
  expect(textOf(Uint8Array.of(251, 255).buffer)).toBe("-_8");
});
