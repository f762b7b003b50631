/** Applications from phones, as the desk sees them (docs/desk.md). */
import type { Fields, Finding } from "./desk.ts";
import { call, query, type FieldProblem } from "./http.ts";

export type Half = "am" | "pm";
export interface PreRow {
  readonly reference: string;
  readonly state: "waiting" | "taken";
  readonly name: string;
  readonly name_native: string | null;
  readonly name_chinese: string | null;
  readonly nationality: string | null;
  readonly class: string | null;
  readonly office: string | null;
  readonly day: string | null;
  readonly half: Half | null;
  /** Whether day and half are the desk's answer, no longer the resident's wish. */
  readonly confirmed: boolean;
  readonly bring: readonly string[];
  readonly sent_at: string;
  readonly together: boolean;
  readonly has_portrait: boolean;
  readonly lines: boolean;
  readonly case: string | null;
}
export interface PreView extends PreRow {
  readonly application: Fields;
  readonly errors: readonly FieldProblem[];
  readonly findings: readonly Finding[];
  /** Digits of the key's hash, the same as on the phone's own screen. */
  readonly fingerprint: string;
  readonly kept_until: string;
  readonly family: readonly PreRow[];
}
export interface Meeting {
  readonly office: string;
  readonly day: string;
  readonly half: Half;
}

/** What a resident may be asked to bring. */
export const THINGS = ["passport", "permit", "portrait", "guardian", "company", "school", "family"] as const;

const ROOT = "/api/desk/preapplications";
const path = (reference: string): string => `${ROOT}/${encodeURIComponent(reference)}`;

export const preRows = (search: string, stop?: AbortSignal) => call<{ rows: PreRow[] }>("GET", `${ROOT}${query({ search })}`, undefined, stop);
export const preView = (reference: string) => call<PreView>("GET", path(reference));
export const prePortraitUrl = (reference: string): string => `${path(reference)}/portrait`;
/** `seen` are the digits of a phone's screen that was scanned; they bind the phone to who stands there. */
export const takePre = (reference: string, seen: string | null, alone: boolean) =>
  call<{ cases: { reference: string; case: string }[] }>("POST", `${path(reference)}/take`, { ...(seen && { seen }), alone });
export const answerPre = (reference: string, meeting: Meeting | null, bring: readonly string[]) =>
  call<PreView>("POST", `${path(reference)}/answer`, { meeting, bring });
export const dropPre = (reference: string) => call<void>("DELETE", path(reference));
export const desksToCome = () => call<{ desks: { id: string; name: string }[] }>("GET", "/api/holder/desks");

/** What a phone's screen says to a scanner that types: the reference, and the digits of the phone's key. */
export function fromScreen(text: string): { readonly reference: string; readonly seen: string } | null {
  const [, reference, seen] = /^APPLY([0-9A-Z]{8})([0-9A-F]{20})$/.exec(text.trim().toUpperCase()) ?? [];
  return reference && seen ? { reference, seen: seen.toLowerCase() } : null;
}

/** A reference however it was typed; null for anything else. A name of eight letters looks like one, too. */
export function spelledReference(text: string): string | null {
  const letters = text.toUpperCase().replace(/[^0-9A-Z]/g, "");
  return letters.length === 8 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : null;
}
