/**
 * A shift on this phone: from a passkey to its end, off line and over reloads, and nothing of it afterwards.
 *
 * The session is the service's; what is kept here is until when it lasts. Time never runs back: a clock that is set
 * back does not prolong a shift.
 */
import { signal } from "@preact/signals";
import { Database, STORES, done } from "../device/database.ts";
import { Problem, whenSignedOut, whenStepUp } from "../shared/api/http.ts";
import { NoPasskey } from "../shared/api/passkey.ts";
import { beginShift, requests } from "../shared/api/police.ts";
import { currentSession, signInByPasskey, signOut, stepUp } from "../shared/api/staff.ts";
import { releaseCamera } from "../scan/scanner.ts";
import { Checks, checkOf } from "./history.ts";
import { closeExpired, forgetDetails, forgetPeople, pending } from "./memory.ts";
import { device, errands, letIn } from "./phone.ts";
import { asking, now, sheet, shown, tick } from "./state.ts";

const SHIFT = "shift";
const LATEST = "latest";
/** The service has not heard of a sign-out that was made without a network. */
const OWED = "owed";
/** How often the phone asks what waits for this officer, and whether the session still stands. */
const ASK_MS = 30_000;
/** How often the latest time that was seen is written down. */
const NOTE_S = 15;

/** Whose shift it is and until when: `ends` in the service's time, `offset` its clock less this phone's, in seconds. */
export interface Shift {
  /** Made at random: the next shift is another one, though the same officer may begin it. */
  readonly id: string;
  readonly staff: string;
  readonly name: string;
  readonly office: string;
  readonly ends: number;
  readonly offset: number;
  readonly purposes: readonly string[];
  readonly covert: readonly string[];
  readonly covertDays: number;
}

/** `starting`: what was kept is being read. */
export const shift = signal<Shift | null | "starting">("starting");
export const checked = signal(0);
let database: Database;
let checks: Checks | null = null;
let latest = 0;

/** One sign-in or sign-out at a time, over all windows: one that is answered late must not end what began meanwhile. */
async function inTurn(step: () => Promise<void>): Promise<void> {
  await navigator.locks.request("cardsvc-shift", step);
}

/** The shift that goes on; for screens that are shown in one alone. */
export function current(): Shift {
  if (shift.value === null || shift.value === "starting") throw new Error("there is no shift");
  return shift.value;
}

/** Seconds until an instant of the service's, by this phone's clock and the difference of both. */
export function secondsUntil(instant: number): number {
  const at = shift.value;
  return at === null || at === "starting" ? 0 : instant - (tick.value + at.offset);
}

/** Take up a shift that was begun before a reload, or a restart of the phone. */
export async function resume(): Promise<void> {
  database = await Database.open("cardsvc-shift");
  whenStepUp(() => stepUp(() => Promise.reject(new NoPasskey())));
  whenSignedOut(() => void wipe());
  latest = (await database.kept<number>(LATEST)) ?? 0;
  const kept = await database.kept<Shift>(SHIFT);
  checks = kept === null ? null : await Checks.resume(database);
  shift.value = checks === null ? null : kept;
  checked.value = (await checks?.all())?.length ?? 0;
  // Storage that fails says so where something is judged; here it is asked again in a second.
  setInterval(() => void look().catch(() => undefined), 1000);
  setInterval(() => void ask(), ASK_MS);
  await look();
  void ask();
}

/** Sign in, begin the shift, and let this phone in where it is no reader yet. Throws what each step is refused for. */
export async function begin(): Promise<void> {
  await inTurn(signIn);
  await letIn();
  void errands();
  void ask();
}

async function signIn(): Promise<void> {
  await settle(); // As long as the cookie is still that of who signed out.
  await asking(signInByPasskey);
  const asked = now(); // An answer that lay unread while the phone slept must not prolong the shift.
  const said = await asking(beginShift);
  await database.erase();
  const [ends, told] = [said.ends, said.now].map((text) => Math.floor(Date.parse(text) / 1000)) as [number, number];
  const { staff, name, office, purposes, covert, covert_days: covertDays } = said;
  const begun: Shift = { id: crypto.randomUUID(), staff, name, office, ends, offset: told - asked, purposes, covert, covertDays };
  latest = now();
  checks = await Checks.begin(database);
  await database.keep(LATEST, latest);
  await database.keep(SHIFT, begun);
  checked.value = 0;
  shift.value = begun;
}

/** End the shift: everything of it leaves the phone, and the service is told, now or when there is a network. */
export async function end(): Promise<void> {
  if (await wipe(true)) await inTurn(settle);
}

/** Judge what a camera, a picture or a hand scanner read; recorded before it is shown. */
export async function judge(code: string, seenAt = performance.now()): Promise<void> {
  await look();
  if (!(await goesOn())) return;
  const at = now();
  const { verdict } = await device().present({ code });
  forgetDetails();
  shown.value = { at, code, verdict };
  performance.measure("frame to verdict", { start: seenAt, end: performance.now() });
  await checks?.add(checkOf(verdict, at));
  checked.value += 1;
}

/** The checks of this shift, the newest first. */
export async function history(): ReturnType<Checks["all"]> {
  return (await goesOn()) ? ((await checks?.all()) ?? []) : [];
}

/** Close what is over: answers, and the shift itself. */
async function look(): Promise<void> {
  const at = shift.value;
  if (at === null || at === "starting") return;
  closeExpired(now() + at.offset);
  // First of all: no storage that fails keeps a shift open.
  if (Math.max(now(), latest) + at.offset >= at.ends) return end();
  if (now() < latest + NOTE_S || !(await goesOn())) return;
  latest = now();
  await database.keep(LATEST, latest);
}

/** What waits for this officer; a session that the service ended, or that is somebody else's, ends the shift. */
export async function ask(): Promise<void> {
  if (document.hidden || !navigator.onLine) return;
  const at = shift.value;
  if (at === "starting") return;
  try {
    if (at === null) return await inTurn(settle);
    const { staff } = await asking(currentSession);
    if (shift.value !== at) return; // That was of another shift.
    if (staff.id !== at.staff) return void (await wipe());
    const { waiting } = await asking(requests);
    if (shift.value === at) pending.value = waiting.length;
  } catch (error) {
    if (!(error instanceof Error)) throw error; // No answer, or no session: both were seen to where they were thrown.
  }
}

/** Whether this window's shift is the one that is kept: what another window ended, this one forgets. */
async function goesOn(): Promise<boolean> {
  const at = shift.value;
  if (at === null || at === "starting") return false;
  const kept = await database.kept<Shift>(SHIFT);
  if (kept !== null && kept.id === at.id) return true;
  if (shift.value === at) forget();
  return false;
}

/**
 * Everything of the shift leaves memory and disk; what waits to be sent is sealed to the service, and stays. In one
 * step with the look whose shift it is: another window may have begun the next, which stays whole and signed in.
 */
async function wipe(owed = false): Promise<boolean> {
  const at = shift.value;
  forget();
  if (at === null || at === "starting") return false;
  return database.change(STORES, async (store) => {
    const kept = (await done(store("kept").get(SHIFT))) as Shift | undefined;
    if (kept === undefined || kept.id !== at.id) return false;
    await Promise.all(STORES.map((name) => done(store(name).clear())));
    if (owed) await done(store("kept").put(true, OWED));
    return true;
  });
}

/** Everything of the shift leaves this window's memory. */
function forget(): void {
  shift.value = shown.value = null;
  sheet.value = "none";
  checks = null;
  checked.value = pending.value = latest = 0;
  forgetPeople();
  releaseCamera();
}

/** Tell the service, in turn, of a sign-out that it may not have heard of. */
async function settle(): Promise<void> {
  if (shift.value !== null || (await database.kept(OWED)) === null) return;
  try {
    await asking(signOut);
  } catch (error) {
    if (!(error instanceof Problem)) return; // No network yet.
  }
  await database.erase();
}
