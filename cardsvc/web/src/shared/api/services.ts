/** A department's own services: whom they were granted to, and lists (docs/desk.md, "Departments"). */
import { call, query } from "./http.ts";
import { assertion, type OptionsJson } from "./passkey.ts";

export interface OwnService {
  readonly service: string;
  readonly holding: number;
  readonly venues: readonly string[];
}
export type RightValue = "granted" | "until" | "withdrawn";
export interface Right {
  readonly number: string;
  readonly value: RightValue;
  readonly until: string | null;
  readonly by: string;
  readonly at: string;
}
export type ListAct = "grant" | "withdraw";
export type LineState = "ready" | "done" | "unchanged" | "refused" | "failed";
export interface ListSummary {
  readonly id: string;
  readonly service: string;
  readonly act: ListAct;
  readonly state: "open" | "asserted" | "working" | "done" | "dropped";
  readonly reason: string;
  readonly made_by: string;
  readonly made_at: string;
  readonly decided_by: string | null;
  readonly counts: Readonly<Partial<Record<LineState, number>>>;
}
export interface ListLine {
  readonly line: number;
  readonly number: string;
  readonly until: string | null;
  readonly state: LineState;
  readonly reason: string | null;
}
export interface WholeList extends ListSummary {
  readonly lines: readonly ListLine[];
}
export interface WantedLine {
  readonly line: number;
  readonly number: string;
  readonly until: string | null;
}

const id = encodeURIComponent;
const of = (service: string) => `/api/services/${id(service)}`;
const list = (service: string, one: string) => `${of(service)}/lists/${id(one)}`;
export const ownServices = (signal?: AbortSignal) => call<{ services: OwnService[] }>("GET", "/api/services", undefined, signal);
export const rights = (service: string, value: RightValue | "", after: string, limit: number, signal?: AbortSignal) =>
  call<{ rights: Right[]; next: string | null }>("GET", `${of(service)}/rights${query({ value, after, limit })}`, undefined, signal);
export const lists = (service: string, signal?: AbortSignal) => call<{ lists: ListSummary[] }>("GET", `${of(service)}/lists`, undefined, signal);
export const readList = (service: string, act: ListAct, reason: string, lines: readonly WantedLine[]) =>
  call<WholeList>("POST", `${of(service)}/lists`, { act, reason, lines });
export const oneList = (service: string, one: string, signal?: AbortSignal) => call<WholeList>("GET", list(service, one), undefined, signal);
export const dropList = (service: string, one: string) => call<void>("DELETE", list(service, one));
export const withdrawList = (service: string, one: string) => call<WholeList>("POST", `${list(service, one)}/withdraw`);

/** Granting takes one touch of the department's key over all of it. */
export async function grantList(service: string, one: string): Promise<WholeList> {
  const { options } = await call<{ options: OptionsJson }>("POST", `${list(service, one)}/challenge`);
  return call<WholeList>("POST", `${list(service, one)}/grant`, { credential: await assertion(options) });
}
