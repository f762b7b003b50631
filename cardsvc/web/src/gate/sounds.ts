/** What is heard at a door: one short, two long, three short (docs/readers.md). */
import { signal } from "@preact/signals";
import type { Answer } from "../reader/verdict.ts";

interface Beep {
  readonly hertz: number;
  readonly lasts: number;
  readonly times: number;
}
const BEEPS: Readonly<Record<Answer, Beep>> = {
  allow: { hertz: 1320, lasts: 0.12, times: 1 },
  deny: { hertz: 330, lasts: 0.4, times: 2 },
  attention: { hertz: 660, lasts: 0.1, times: 3 },
};
const PAUSE_S = 0.1;
const LOUD = 0.5;

/** A browser is silent until somebody has touched the page. */
export const silent = signal(false);
let opened: AudioContext | null = null;

function speaker(): AudioContext {
  if (opened === null) {
    opened = new AudioContext();
    opened.addEventListener("statechange", listen);
  }
  listen();
  return opened;
}

function listen(): void {
  silent.value = opened?.state !== "running";
}

/** Without a touch the browser answers neither yes nor no: who reads `silent` meanwhile reads what is so now. */
export async function wakeSound(): Promise<void> {
  const context = speaker();
  if (context.state !== "running") await context.resume().catch(() => undefined);
  listen();
}

export function sound(answer: Answer): void {
  const context = speaker();
  if (silent.value) return;
  const { hertz, lasts, times } = BEEPS[answer];
  for (let n = 0; n < times; n += 1) {
    const begins = context.currentTime + n * (lasts + PAUSE_S);
    const [tone, volume] = [context.createOscillator(), context.createGain()];
    tone.frequency.value = hertz;
    volume.gain.value = LOUD;
    // Faded at both ends, or the loudspeaker clicks.
    volume.gain.setTargetAtTime(0, begins + lasts - 0.02, 0.008);
    tone.connect(volume).connect(context.destination);
    tone.start(begins);
    tone.stop(begins + lasts);
  }
}
