/** What a hand scanner types, whatever the keyboard makes of it. */
import { afterEach, expect, test, vi } from "vitest";
import { listenToScanner } from "./scanner.ts";

afterEach(() => vi.unstubAllGlobals());

/** Type the text and Enter, a key a millisecond. */
function typed(text: string): readonly string[] {
  const read: string[] = [];
  let press: (event: unknown) => void = () => undefined;
  vi.stubGlobal("addEventListener", (_: string, listen: typeof press) => (press = listen));
  listenToScanner((code) => read.push(code));
  [...text, "Enter"].forEach((key, timeStamp) => press({ key, timeStamp, preventDefault: () => undefined }));
  return read;
}

test("a scanner's keys end with Enter, and a slip of the hand is no code", () => {
  expect(typed("NCFOXN $%*+-./:")).toEqual(["NCFOXN $%*+-./:"]);
  expect(typed("NCF")).toEqual([]);
});

test("Caps Lock turns every letter small, and the code is read all the same", () => {
  expect(typed("ncfoxn $%*+-./:")).toEqual(["NCFOXN $%*+-./:"]);
});
