/** A seen-set for one run; the one that survives a restart is the browser's (database.ts). */
import { DAY_S } from "./days.ts";
import type { SeenSet } from "./phone.ts";

/**
 * Twice a token's life. A code passes only within 90 s of its time, but clocks go wrong: a clock that ran ahead
 * by less than this and was set right again has forgotten nothing that could be shown a second time.
 */
export const KEEP_SEEN_S = 30 * DAY_S;

export class SeenInMemory implements SeenSet {
  readonly #seen = new Map<string, number>();
  #newest = 0;

  async whenSeen(key: string): Promise<number | null> {
    return this.#seen.get(key) ?? null;
  }

  async firstSeen(key: string, now: number): Promise<number | null> {
    const first = this.#seen.get(key);
    if (first !== undefined) return first;
    // By the earlier of this clock and the newest code: the first code after a leap of the clock drops nothing.
    const before = Math.min(now, this.#newest) - KEEP_SEEN_S;
    for (const [oldest, at] of this.#seen) {
      if (at >= before) break;
      this.#seen.delete(oldest);
    }
    this.#seen.set(key, now);
    this.#newest = Math.max(this.#newest, now);
    return null;
  }
}
