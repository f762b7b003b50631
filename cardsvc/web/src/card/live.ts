/** The beat of the code on the screen: a fresh one every half minute, or the word that this phone can make none. */
import { now } from "./service.ts";

/** docs/format.md section 6: a fresh code every half minute; a reader takes it for a minute. */
export const PERIOD_S = 30;
const TICK_MS = 500;

/**
 * Make codes until the function that it gives is called. `show` gets each, and null where there is none: an old browser,
 * or a key that no longer signs; half a minute later it is tried again. `left` gets the seconds until then.
 */
export function live<Code>(
  make: (time: number) => Promise<Code>,
  show: (code: Code | null) => void,
  left: (seconds: number) => void,
): () => void {
  let made = 0;
  let stopped = false;
  const fresh = async (time: number): Promise<void> => {
    const code = await make(time).catch((error: unknown) => {
      console.error(error);
      return null;
    });
    if (!stopped) show(code);
  };
  const tick = (): void => {
    const time = now();
    // Also after a sleep, and after the clock was set: what is on the screen is never older.
    if (made === 0 || time - made >= PERIOD_S || time < made) {
      made = time;
      void fresh(time);
    }
    left(PERIOD_S - (time - made));
  };
  tick();
  const timer = setInterval(tick, TICK_MS);
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
