/** The reader that a page shows: one device of this browser, whichever of its pages is open. */
import { signal } from "@preact/signals";
import type { Role } from "../../reader/verdict.ts";
import { Device } from "../device.ts";

/** One device a browser: a page that was opened for another kind of reader hands over to the page of that kind. */
const DATABASE = "cardsvc-reader";
const PAGES: Readonly<Record<Role, string>> = { gate: "/gate", desk: "/gate", seller: "/seller", police: "/police" };
const TICK_MS = 10_000;

export const device = signal<Device | null>(null);
/** Why this browser can be no reader: it keeps nothing. */
export const broken = signal<string | null>(null);
export const online = signal(navigator.onLine);
/** Now, in epoch seconds, a few times a minute: ages go on by themselves. */
export const tick = signal(0);
export const awake = signal(false);

/** Open what this browser kept, and go on from there. */
export async function start(): Promise<void> {
  try {
    const opened = await Device.open({ database: DATABASE, role: null, url: location.origin });
    device.value = opened;
    // It opened, and nothing in it can be read: the page would stay empty.
    if (opened.stage.value === "starting") broken.value = String(opened.refusal.value);
    tick.value = opened.clock();
    setInterval(() => (tick.value = opened.clock()), TICK_MS);
    opened.begin();
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    broken.value = error.message;
  }
  const change = (): void => {
    online.value = navigator.onLine;
    if (online.value) device.value?.begin();
  };
  stayAwake();
  addEventListener("online", change);
  addEventListener("offline", change);
}

/** Where the reader that this browser is has its page. */
export function pageOf(role: Role): string {
  return PAGES[role];
}

/** Keep the screen lit while the page is seen; a browser lets go of it whenever the page is hidden. */
function stayAwake(): void {
  const ask = async (): Promise<void> => {
    if (document.hidden || !("wakeLock" in navigator)) return;
    try {
      const lock = await navigator.wakeLock.request("screen");
      awake.value = true;
      lock.addEventListener("release", () => (awake.value = false));
    } catch {
      awake.value = false; // A low battery says no; the status screen tells.
    }
  };
  void ask();
  document.addEventListener("visibilitychange", () => void ask());
}
