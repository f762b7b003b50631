/** A door is mute until somebody has touched it, and says so all the while. */
import { beforeEach, expect, it, vi } from "vitest";

/** As browsers have it: without a touch `resume` answers neither yes nor no. */
class Speaker extends EventTarget {
  state = "suspended";
  resumed = 0;

  constructor() {
    super();
    made = this;
  }

  resume(): Promise<void> {
    this.resumed += 1;
    return new Promise(() => undefined);
  }

  become(state: string): void {
    this.state = state;
    this.dispatchEvent(new Event("statechange"));
  }
}
let made: Speaker;

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal("AudioContext", Speaker);
});

it("says that it is mute before anybody was judged, and no longer than it is", async () => {
  const { silent, wakeSound } = await import("./sounds.ts");
  void wakeSound();
  expect(silent.value).toBe(true);
  made.become("running");
  expect(silent.value).toBe(false);
  made.become("interrupted"); // A call came in.
  expect(silent.value).toBe(true);
  void wakeSound();
  expect(made.resumed).toBe(2);
});
