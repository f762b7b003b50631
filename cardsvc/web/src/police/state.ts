/** What the screens show, in memory alone: it goes with the page. */
import { signal } from "@preact/signals";
import { Unreachable } from "../shared/api/http.ts";
import type { Verdict } from "../reader/verdict.ts";

/** A verdict on the screen, and the code it is about: with that the records are asked (docs/police.md). */
export interface Shown {
  readonly at: number;
  readonly code: string;
  readonly verdict: Verdict;
}

export type Sheet = "none" | "menu" | "phrases" | "checks" | "data" | "look-up" | "requests" | "hotlist" | "new-hot" | "found";

export const shown = signal<Shown | null>(null);
export const sheet = signal<Sheet>("none");
/** Why this page could not be started. */
export const broken = signal<string | null>(null);
/** This phone's clock in epoch seconds, as it was a moment ago. */
export const tick = signal(now());
const connected = signal(navigator.onLine);
/** Whether the service answered when it was last asked. */
const answered = signal(true);

export function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** Whether there is somebody to ask, as far as this phone knows. */
export function online(): boolean {
  return connected.value && answered.value;
}

/** Ask the service something, and learn from it whether there is a network. */
export async function asking<Answer>(step: () => Promise<Answer>): Promise<Answer> {
  try {
    const answer = await step();
    answered.value = true;
    return answer;
  } catch (error) {
    answered.value = !(error instanceof Unreachable);
    throw error;
  }
}

/** Keep the clock and the network in sight; `back` is called when the network returns. */
export function watch(back: () => void): void {
  setInterval(() => (tick.value = now()), 1000);
  const change = (): void => {
    connected.value = navigator.onLine;
    if (!navigator.onLine) return;
    answered.value = true; // Until somebody asks and hears nothing.
    back();
  };
  addEventListener("online", change);
  addEventListener("offline", change);
}
