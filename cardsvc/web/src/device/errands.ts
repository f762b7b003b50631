/**
 * What a reader does beside judging, over and over: ask for bundles, bring its log. Every errand says when it wants
 * to run again; one that fails is tried again later and later, and never all readers of a city at one moment.
 */
import { ReaderError, Unchecked } from "../reader/errors.ts";

/** The first wait after a failure, doubled each time up to the longest. */
const FIRST_WAIT_S = 10;
const LONGEST_WAIT_S = 900;
/** Two readers that came on line together part by this share of their waits. */
const JITTER = 0.1;

/** About so many seconds, ten in a hundred more or less. */
export function jittered(seconds: number, chance: () => number = Math.random): number {
  return seconds * (1 - JITTER + 2 * JITTER * chance());
}

/** How long to wait after so many failures in a row: at most 10, 20, 40 … 900 s, at least half of it. */
export function backOff(failures: number, chance: () => number = Math.random): number {
  const longest = Math.min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** Math.min(failures - 1, 30));
  return longest * (0.5 + 0.5 * chance());
}

/** One recurring task: `run` does it and gives the seconds until it wants to be done again. */
export class Errand {
  /** Why it failed the last time; null where it works. */
  error: ReaderError | null = null;
  /** When it last worked, by `clock`; null where it has not yet. */
  doneAt: number | null = null;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void> | null = null;

  constructor(
    private readonly run: () => Promise<number>,
    private readonly clock: () => number,
    private readonly after: () => void = () => undefined,
  ) {}

  /** Do it now, and from then on by itself; one that is on its way is waited for, not begun twice. */
  now(): Promise<void> {
    this.#running ??= this.#once().finally(() => (this.#running = null));
    return this.#running;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async #once(): Promise<void> {
    clearTimeout(this.#timer);
    let wait: number;
    try {
      wait = await this.run();
      this.#failures = 0;
      this.doneAt = this.clock();
      this.error = null;
    } catch (error) {
      // Also after a mistake of ours or of the browser's: a reader goes on asking.
      this.error = error instanceof ReaderError ? error : new Unchecked("reader_fault", String(error));
      this.#failures += 1;
      wait = backOff(this.#failures);
    }
    this.#timer = setTimeout(() => void this.now(), wait * 1000);
    this.after();
  }
}
