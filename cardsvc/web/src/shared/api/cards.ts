/** Issued cards, acts on them, and printing (docs/desk.md). */
import type { HistoryEntry } from "./desk.ts";
import { call, query } from "./http.ts";
import { assertion, type OptionsJson } from "./passkey.ts";

export interface CardRow {
  readonly number: string;
  readonly name: string;
  readonly class: string;
  readonly state: string;
  readonly valid_until: string;
  readonly permit_until: string | null;
  readonly office: string;
}
export interface CardPage extends CardRow {
  readonly name_native: string | null;
  readonly name_chinese: string | null;
  readonly nationality: string;
  readonly birth: string;
  readonly passport: string;
  readonly valid_from: string;
  readonly person_cards: readonly string[];
  readonly prints: readonly { readonly print: number; readonly state: string; readonly status: string; readonly made_at: string }[];
  readonly chips: readonly Chip[];
  readonly rights: readonly { readonly service: string; readonly until: string | null; readonly by: string }[];
  readonly withdrawn: readonly string[];
  readonly holds: readonly {
    readonly reason: string;
    readonly by: string;
    readonly at: string;
    readonly lifted_by: string | null;
    readonly lifted_at: string | null;
  }[];
  readonly acts: readonly Act[];
  readonly history: readonly HistoryEntry[];
  readonly face: string | null;
}
/** A chip that carries the card's code, or is to once somebody else has allowed it. */
export interface Chip {
  readonly uid: string;
  readonly print: number;
  readonly signed: boolean;
  readonly made_at: string;
}
/** The kinds of chips that a code is written on, as the trade names them (docs/chips.md). */
export const TAGS = { ntag216: "NTAG 216", ntag215: "NTAG 215", ntag424: "NTAG 424 DNA", desfire: "MIFARE DESFire" } as const;
export type Tag = keyof typeof TAGS;
export type ActKind = "suspend" | "revoke" | "reinstate" | "extend" | "replace" | "chip" | "grant" | "withdraw";
export interface Act {
  readonly id: string;
  readonly card: string;
  readonly name: string;
  readonly act: ActKind;
  readonly reason: string;
  readonly service: string | null;
  readonly until: string | null;
  readonly permit_until: string | null;
  readonly chip: string | null;
  readonly requested_by: string;
  readonly office: string;
  readonly at: string;
  readonly state: "waiting" | "done" | "refused" | "returned";
  readonly decided_by: string | null;
}
export interface ActOrder {
  readonly act: ActKind;
  readonly reason: string;
  readonly service?: string;
  readonly until?: string;
  readonly permit_until?: string;
  readonly chip?: string;
  readonly tag?: Tag;
}

const id = encodeURIComponent;
export const findCards = (search: string, signal?: AbortSignal) =>
  call<{ rows: CardRow[]; more: boolean }>("GET", `/api/desk/cards${query({ search })}`, undefined, signal);
export const card = (number: string) => call<CardPage>("GET", `/api/desk/cards/${id(number)}`);
export const order = (number: string, what: ActOrder) =>
  call<{ done?: true; act_request?: string }>("POST", `/api/desk/cards/${id(number)}/acts`, what);
export const chipMessage = (number: string, uid: string, tag: Tag) =>
  `/api/desk/cards/${id(number)}/chips/${id(uid)}${query({ tag })}`;
export const chipWritten = (number: string, uid: string) =>
  call<CardPage>("POST", `/api/desk/cards/${id(number)}/chips/${id(uid)}/written`);
export const waitingActs = () => call<{ acts: Act[] }>("GET", "/api/desk/acts?state=waiting");
export async function approveAct(one: string): Promise<void> {
  const path = `/api/desk/acts/${id(one)}`;
  const { options } = await call<{ options: OptionsJson | null }>("POST", `${path}/challenge`);
  await call("POST", `${path}/approve`, options ? { credential: await assertion(options) } : {});
}
export const refuseAct = (one: string, words: string) => call<Act>("POST", `/api/desk/acts/${id(one)}/refuse`, { words });

export interface ToPrint {
  readonly number: string;
  readonly name: string;
  readonly class: string;
  readonly issued_at: string;
  readonly office: string;
}
export type PrintForm = "cr80" | "a4";
export interface PrintJob {
  readonly id: string;
  readonly state: "waiting" | "running" | "ready" | "released" | "failed";
  readonly done: number;
  readonly of: number;
  readonly held_back: readonly { readonly number: string; readonly reason: string; readonly words: string }[];
  readonly form: PrintForm;
  readonly made_by: string;
  readonly made_at: string;
  readonly cards: readonly string[];
  readonly blanks: number;
}
export const toPrint = () => call<{ rows: ToPrint[] }>("GET", "/api/desk/to-print");
export const printJobs = () => call<{ jobs: PrintJob[] } | PrintJob[]>("GET", "/api/desk/print-jobs");
export const startPrinting = (cards: readonly string[], form: PrintForm) =>
  call<PrintJob>("POST", "/api/desk/print-jobs", { cards, form });
export const jobFile = (one: string) => `/api/desk/print-jobs/${id(one)}/file`;
export const releaseJob = (one: string, spoiled: readonly string[], blanks_used: number) =>
  call<PrintJob>("POST", `/api/desk/print-jobs/${id(one)}/release`, { spoiled, blanks_used });
export const blanks = () => call<{ offices: { office: string; count: number }[] }>("GET", "/api/desk/blanks");
export const countBlanks = (count: number) => call<unknown>("PUT", "/api/desk/blanks", { count });
