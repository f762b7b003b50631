/**
 * Applications of this phone, one a person: typed here, sent, asked after, and turned into a card. The key of each is
 * its receipt and carries the card afterwards. What was typed stays until a desk takes it over, then only the name.
 */
import { signal } from "@preact/signals";
import { base64url, makeKey } from "./code.ts";
import { learnDays } from "./days.ts";
import type { Keeper } from "./keeper.ts";
import { language } from "./language.ts";
import { look, now, post, proved, Refusal } from "./service.ts";
import { all, amend, drop, get, isUnkept, put } from "./store.ts";
import { adopt } from "./wallet.ts";

export type Fields = Readonly<Record<string, string | readonly string[]>>;
export interface Wish {
  readonly office: string;
  readonly day: string;
  readonly half: "am" | "pm";
}
/** What became of it, as the service tells its key. */
export interface Became {
  readonly reference: string;
  readonly state: "received" | "taken" | "submitted" | "issued" | "refused" | "withdrawn";
  readonly fingerprint: string;
  readonly office: string | null;
  readonly day: string | null;
  readonly half: "am" | "pm" | null;
  readonly confirmed: boolean;
  readonly bring: readonly string[];
  readonly errors: readonly { readonly field: string; readonly reason: string }[];
  readonly kept_until: string;
  readonly letter: Readonly<Record<string, string>> | null;
}
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}
/** A JPEG in base64, the part of it that is printed, and what could be better about it. */
export interface Picture {
  readonly jpeg: string;
  readonly crop: Box;
  readonly findings: readonly string[];
}
export interface Applicant {
  readonly id: string;
  readonly made: number;
  readonly keys: CryptoKeyPair;
  readonly name: string;
  readonly fields: Fields;
  /** Until it is sent; the service keeps it then. */
  readonly picture: Picture | null;
  readonly pictured: boolean;
  readonly family: string | null;
  readonly told: Became | null;
  /** Typed since it was sent. */
  readonly changed: boolean;
  /** The service keeps it no longer. */
  readonly forgotten: boolean;
}
export interface Desk {
  readonly id: string;
  readonly name: string;
}

const WISH = "wish";
const DESKS = "desks";
const FAMILY_BYTES = 16;
/** Nothing becomes of these any more. */
const OVER: ReadonlySet<string> = new Set(["refused", "withdrawn"]);

export const applicants = signal<readonly Applicant[]>([]);
export const wish = signal<Wish | null>(null);
/** That take applications. */
export const desks = signal<readonly Desk[]>([]);

export const isOpen = (one: Applicant): boolean => !one.forgotten && (one.told === null || one.told.state === "received");
/** Something of it is only here. */
export const unsent = (one: Applicant): boolean => isOpen(one) && (one.told === null || one.changed);

export async function startApplicants(): Promise<void> {
  await takeUp();
  desks.value = (await get<readonly Desk[]>("choices", DESKS)) ?? [];
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void takeUp().then(askAll));
}

/** What is kept, whichever window of the page changed it last; what could not be kept stays as it is here. */
async function takeUp(): Promise<void> {
  const before = [applicants.value, wish.value] as const;
  const [every, wished] = [await all<Applicant>("applications"), await get<Wish>("choices", WISH)];
  // What was typed while that was read is newer.
  if (applicants.value !== before[0] || wish.value !== before[1]) return takeUp();
  applicants.value = every.map((one) => unkept(one.id) ?? one).sort((one, other) => one.made - other.made);
  if (!isUnkept("choices", WISH)) wish.value = wished ?? null;
}

/** Asked anew where there is a network; their names are known without one, too. */
export async function learnDesks(): Promise<void> {
  const told = await look<{ desks: Desk[]; day_offset_s?: number }>("desks");
  await learnDays(told.day_offset_s);
  desks.value = told.desks;
  await put("choices", DESKS, desks.value);
}

export const deskName = (id: string): string => desks.value.find((one) => one.id === id)?.name ?? id;

export async function begin(): Promise<Applicant> {
  const one: Applicant = {
    id: crypto.randomUUID(), made: Date.now(), keys: await makeKey(), name: "", fields: {}, picture: null, pictured: false, family: null,
    told: null, changed: false, forgotten: false,
  }; // prettier-ignore
  // Shown before it is kept: who reads what is kept just now reads once more.
  applicants.value = [...applicants.value, one];
  try {
    await put("applications", one.id, one);
  } catch (error) {
    applicants.value = without(one.id);
    throw error;
  }
  return one;
}

export async function change(id: string, how: (one: Applicant) => Partial<Applicant>): Promise<void> {
  applicants.value = applicants.value.map((one) => (one.id === id ? { ...one, ...how(one) } : one));
  // What could not be kept before is tried again with what came last.
  if ((await amend<Applicant>("applications", id, (kept) => unkept(id) ?? how(kept))) === undefined) applicants.value = without(id);
}

/** All of one of whom something is in this window alone. */
const unkept = (id: string): Applicant | undefined =>
  isUnkept("applications", id) ? applicants.value.find((one) => one.id === id) : undefined;
const without = (id: string): readonly Applicant[] => applicants.value.filter((one) => one.id !== id);

/** What was typed last, on top of what was typed before: a field that is left and one that is chosen change at once. */
export async function typed(id: string, more: Fields): Promise<void> {
  await change(id, (one) => {
    const fields = { ...one.fields, ...more };
    return { fields, name: nameOf(fields), changed: true };
  });
}

/** What people would call them in a list: given names first, as on no passport. */
export function nameOf(fields: Fields): string {
  const [native = "", given = "", surname = ""] = ["name_native", "given_names", "surname"].map((name) => String(fields[name] ?? "").trim());
  return native || [given, surname].filter(Boolean).join(" ");
}

/** As it is sent: nothing around what was typed, and nothing for what was left empty. */
function whole(fields: Fields): Fields {
  const tidy = Object.entries(fields).map(([name, value]) => [name, typeof value === "string" ? value.trim() : value] as const);
  return Object.fromEntries(tidy.filter(([, value]) => value.length > 0));
}

export async function wishFor(next: Wish | null): Promise<void> {
  wish.value = next;
  await put("choices", WISH, next);
  await Promise.all(applicants.value.filter(isOpen).map((one) => change(one.id, () => ({ changed: true }))));
}

/** Take it off this phone; what was sent stays with the service. */
export async function forget(one: Applicant): Promise<void> {
  await drop("applications", one.id);
  applicants.value = without(one.id);
}

/** What could be better about a portrait, and which part of it would be printed. */
export async function judged(jpeg: string): Promise<Picture> {
  const { findings, crop } = await post<{ findings: string[]; crop: [number, number, number, number] }>("portraits", { portrait: jpeg });
  const [x, y, w, h] = crop;
  return { jpeg, findings, crop: { x, y, w, h } };
}

/**
 * Send everybody's that the desk has not taken over; who come together come under the same bytes. That takes a while:
 * each goes as it stands when its turn has come, and what is changed on its way is still to be sent afterwards.
 */
export async function sendAll(): Promise<void> {
  const open = applicants.value.filter(isOpen);
  const known = open.find((one) => one.family !== null)?.family;
  const fresh = (): string => base64url(crypto.getRandomValues(new Uint8Array(FAMILY_BYTES)));
  const family = open.length > 1 ? (known ?? fresh()) : null;
  for (const [at, { id }] of open.entries()) {
    const one = applicants.value.find((other) => other.id === id);
    if (one === undefined || !isOpen(one)) continue;
    const wished = wish.value;
    const application = { ...whole(one.fields), language: language.value };
    const picture = one.picture === null ? {} : { portrait: one.picture.jpeg, crop: one.picture.crop };
    const more = { application, wish: wished, family, head: family !== null && at === 0, ...picture };
    try {
      await took(one, await proved<Became>(one.keys, "applications", "apply", more), (kept) => {
        const pictured = kept.picture?.jpeg === one.picture?.jpeg;
        const changed = !pictured || !same(kept.fields, one.fields) || !same(wish.value, wished);
        return { family, changed, ...(pictured && { picture: null }) };
      });
    } catch (error) {
      if (!(error instanceof Refusal) || error.reason !== "application_taken") throw error;
      await ask(one);
    }
  }
}

/** What became of each; without a network everything stays as it was told last. */
export async function askAll(): Promise<void> {
  const sent = applicants.value.filter((one) => one.told !== null && !one.forgotten && !OVER.has(one.told.state));
  await Promise.allSettled(sent.map(ask));
}

async function ask(one: Applicant): Promise<void> {
  try {
    await took(one, await proved<Became>(one.keys, "applications/state", "application"));
  } catch (error) {
    if (!(error instanceof Refusal) || error.reason !== "application_unknown") throw error;
    await change(one.id, () => ({ forgotten: true, fields: {}, picture: null }));
  }
}

/** Once a desk has it, nothing of the passport stays here. */
function took({ id }: Applicant, told: Became, more: (kept: Applicant) => Partial<Applicant> = () => ({})): Promise<void> {
  return change(id, (kept) => ({ told, ...more(kept), ...(told.state !== "received" && { fields: {}, picture: null }) }));
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

export async function withdraw(one: Applicant): Promise<void> {
  if (one.told !== null) await proved(one.keys, "applications/withdraw", "withdraw-application");
  await forget(one);
}

/** Ask for the issued card on this phone: the key that applied carries it, once an approver agrees. */
export async function bringCard(one: Applicant): Promise<Keeper> {
  await proved(one.keys, "applications/card", "ask-card");
  const keeper = await adopt(one.keys, { state: "waiting", fingerprint: one.told?.fingerprint ?? "" });
  await forget(one);
  return keeper;
}

/** What the phone shows a desk: the reference and the key's digits, in the letters that every scanner types right. */
export function screenText({ reference, fingerprint }: Became): string {
  return `APPLY${reference}${fingerprint}`.toUpperCase().replace(/[^A-Z0-9]/g, "");
}

/** Whether somebody is a child today, by what was typed. */
export function isChild(fields: Fields): boolean {
  const birth = Date.parse(`${String(fields["birth"] ?? "")}T00:00:00Z`);
  const today = new Date(now() * 1000);
  return birth > Date.UTC(today.getUTCFullYear() - 18, today.getUTCMonth(), today.getUTCDate());
}
