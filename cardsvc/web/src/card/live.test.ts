/** The code on the screen goes on, on phones whose browser or key no longer does what it should. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { live, PERIOD_S } from "./live.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it("a code that cannot be made is said so, and tried again", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  const shown: unknown[] = [];
  let works = false;
  const make = async (time: number): Promise<number> => {
    if (!works) throw new ReferenceError("no CompressionStream here");
    return time;
  };
  const stop = live(make, (code) => shown.push(code), () => undefined);
  await vi.advanceTimersByTimeAsync(1000);
  expect(shown).toEqual([null]);
  works = true;
  await vi.advanceTimersByTimeAsync(PERIOD_S * 1000);
  expect(shown).toEqual([null, expect.any(Number)]);
  works = false;
  await vi.advanceTimersByTimeAsync(PERIOD_S * 1000);
  expect(shown.at(-1)).toBeNull(); // An old code does not stay on the screen.
  stop();
  await vi.advanceTimersByTimeAsync(PERIOD_S * 1000);
  expect(shown).toHaveLength(3);
});
