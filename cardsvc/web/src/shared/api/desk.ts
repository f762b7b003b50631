/** Cases, approvals, cards and printing, as the service speaks of them (docs/desk.md). */
import { call, query, type FieldProblem } from "./http.ts";
import { assertion, type OptionsJson } from "./passkey.ts";

export type Fields = Readonly<Record<string, unknown>>;
export type CaseState = "draft" | "submitted" | "approving" | "issued" | "refused" | "withdrawn" | "failed";
export type WaitingFor = "clerk" | "approval" | "printing" | "nobody";
export type CaseAct = "edit" | "submit" | "recall" | "withdraw" | "return" | "refuse" | "approve";

/** In pixels of the upright picture. */
export interface Crop {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}
export interface Finding {
  readonly reason: string;
  readonly words: string;
}
export interface Warning {
  readonly kind: "same_passport" | "same_person_new_passport" | "similar";
  readonly card: string | null;
  readonly case: string | null;
  readonly words: string;
  readonly score: number;
  readonly face?: string | null;
  readonly name?: string;
  readonly birth?: string;
}
export interface Difference {
  readonly field: string;
  readonly source: "mrz" | "card" | "resident";
  readonly known: string;
  readonly now: string;
  readonly words: string;
}
export interface Case {
  readonly id: string;
  readonly reference: string;
  readonly version: number;
  readonly state: CaseState;
  readonly office: string;
  readonly owner: string;
  readonly submitted_by: string | null;
  readonly submitted_at: string | null;
  readonly decided_by: string | null;
  readonly decided_at: string | null;
  readonly updated_at: string;
  readonly family: string | null;
  readonly application: Fields;
  readonly portrait: { readonly present: boolean; readonly crop: Crop | null; readonly findings: readonly Finding[] };
  readonly errors: readonly FieldProblem[];
  readonly warnings: readonly Warning[];
  readonly exceptions: readonly Finding[];
  readonly differences: readonly Difference[];
  readonly card_number: string | null;
  readonly refusal: {
    readonly reason: string;
    readonly words: string;
    readonly language?: string;
    readonly letter: Readonly<Record<string, string>>;
  } | null;
  readonly returned: { readonly by: string; readonly at: string; readonly words: string } | null;
  /** From which application of a phone it was made. */
  readonly declared: { readonly reference: string; readonly at: string } | null;
  readonly opened_by: readonly string[];
  readonly allowed: readonly CaseAct[];
}

export interface QueueRow {
  readonly id: string;
  readonly reference: string;
  readonly name: string;
  readonly name_native: string | null;
  readonly name_chinese: string | null;
  readonly nationality: string | null;
  readonly state: CaseState;
  readonly waiting_for: WaitingFor;
  readonly why: readonly { readonly field: string | null; readonly reason: string; readonly words: string }[];
  readonly since: string;
  readonly owner: string;
  readonly submitted_by: string | null;
  readonly office: string;
  readonly family: string | null;
  readonly version: number;
  readonly card_number: string | null;
}
export interface Queue {
  readonly rows: readonly QueueRow[];
  readonly counts: Readonly<Partial<Record<CaseState, number>>>;
  readonly next: string | null;
}
export interface QueueFilter {
  readonly state?: string;
  readonly search?: string;
  readonly waiting_for?: string;
  readonly before?: string;
  readonly limit?: number;
}

const id = encodeURIComponent;
/** As many cases as one touch of a key may approve. */
export const MOST_APPROVED = 500;
const cases = (one: string) => `/api/desk/cases/${id(one)}`;

export const queue = (filter: QueueFilter, signal?: AbortSignal) =>
  call<Queue>("GET", `/api/desk/queue${query({ limit: 50, ...filter })}`, undefined, signal);
/** All that waits for an approver, page by page, up to what one approval may name. */
export async function waitingForApproval(signal?: AbortSignal): Promise<{ rows: QueueRow[]; more: boolean }> {
  const rows: QueueRow[] = [];
  let before: string | null = null;
  do {
    const page: Queue = await queue({ waiting_for: "approval", limit: 200, ...(before ? { before } : {}) }, signal);
    rows.push(...page.rows.filter((row) => row.state === "submitted"));
    before = page.next;
  } while (before && rows.length < MOST_APPROVED);
  return { rows: rows.slice(0, MOST_APPROVED), more: before !== null || rows.length > MOST_APPROVED };
}
export const openCase = (one: string) => call<Case>("GET", cases(one));
export const newCase = (application: Fields) => call<Case>("POST", "/api/desk/cases", { application });
export const saveCase = (one: string, version: number, application: Fields) =>
  call<Case>("PUT", cases(one), { version, application });
export const submitCase = (one: string, version: number) => call<Case>("POST", `${cases(one)}/submit`, { version });
export const withdrawCase = (one: string, version: number) => call<Case>("POST", `${cases(one)}/withdraw`, { version });
export const returnCase = (one: string, version: number, words: string) =>
  call<Case>("POST", `${cases(one)}/return`, { version, words });
export const refuseCase = (one: string, version: number, reason: string, words: string) =>
  call<Case>("POST", `${cases(one)}/refuse`, { version, reason, words });
/** The letter by language, before anything is decided. */
export const refusalLetter = (one: string, version: number, reason: string, words: string, signal: AbortSignal) =>
  call<{ letter: Record<string, string> }>("POST", `${cases(one)}/refuse/preview`, { version, reason, words }, signal);
export const refusalReasons = () =>
  call<{ reasons: { reason: string; words: string }[] }>("GET", "/api/desk/refusal-reasons");
export interface HistoryEntry {
  readonly at: string;
  readonly by: string;
  readonly action: string;
  readonly details: Readonly<Record<string, string>>;
  readonly note: string | null;
  readonly words: string;
}
export const caseHistory = (one: string) => call<{ entries: HistoryEntry[] }>("GET", `${cases(one)}/history`);
/** A new picture, or another frame over the one that is there (`base64` null). */
export const putPortrait = (one: string, version: number, base64: string | null, crop: Crop | null) =>
  call<Case>("POST", `${cases(one)}/portrait`, { version, ...(base64 ? { base64 } : {}), ...(crop ? { crop } : {}) });
export const recallCase = (one: string, version: number) => call<Case>("POST", `${cases(one)}/recall`, { version });
export const portraitUrl = (one: string, kind: "original" | "print" | "face", version: number) =>
  `${cases(one)}/portrait${query({ kind, v: version })}`;
export const previewUrl = (one: string, side: "front" | "back", version: number) =>
  `${cases(one)}/preview/${side}.png${query({ v: version })}`;
export const readLines = (lines: readonly string[]) =>
  call<{ application: Fields; errors: FieldProblem[] }>("POST", "/api/desk/mrz", { lines });
export interface Sides {
  readonly front: string | null;
  readonly back: string | null;
}
export const preview = (application: Fields, one: string, signal: AbortSignal) =>
  call<Sides>("POST", "/api/desk/preview", { application, case: one }, signal);

export interface Family {
  readonly id: string;
  readonly guardian: string;
  readonly cases: readonly {
    readonly case: string;
    readonly name: string;
    readonly state: CaseState;
    readonly card_number: string | null;
    readonly is_guardian: boolean;
  }[];
  readonly ready: boolean;
}
const families = (one: string) => `/api/desk/families/${id(one)}`;
export const family = (one: string) => call<Family>("GET", families(one));
export const newFamily = (members: readonly string[], guardian: string) =>
  call<Family>("POST", "/api/desk/families", { cases: members, guardian });
export const joinFamily = (one: string, member: string) => call<Family>("POST", `${families(one)}/cases`, { case: member });
export const leaveFamily = (one: string, member: string) => call<unknown>("DELETE", `${families(one)}/cases/${id(member)}`);

export interface ImportRow {
  readonly row: number;
  readonly application: Fields;
  readonly errors: readonly FieldProblem[];
  readonly warnings: readonly Warning[];
  readonly case: string | null;
}
export const startImport = (name: string, text: string) =>
  call<{ import: string; rows: ImportRow[] }>("POST", "/api/desk/imports", { name, text });
export const acceptImport = (one: string, rows: readonly number[]) =>
  call<{ cases: { row: number; case: string }[] }>("POST", `/api/desk/imports/${id(one)}/accept`, { rows });

export interface ApprovalCard {
  readonly case: string;
  readonly name: string;
  readonly number: string;
  readonly differences: readonly Difference[];
  readonly exceptions: readonly Finding[];
}
export interface ApprovalOffer {
  readonly approval: string;
  readonly options: OptionsJson;
  readonly cards: readonly ApprovalCard[];
  readonly expires: string;
}
export interface Signed {
  readonly case: string;
  readonly number: string;
  readonly state: "issued" | "failed";
  readonly words: string | null;
}
/** A case as it was on the screen: another version of it is refused. */
export interface SeenCase {
  readonly id: string;
  readonly version: number;
}
export const offerApproval = (members: readonly SeenCase[], apart = false) =>
  call<ApprovalOffer>("POST", "/api/desk/approvals", { cases: members, ...(apart ? { apart } : {}) });
export const dropApproval = (one: string) => call<void>("DELETE", `/api/desk/approvals/${id(one)}`);
export async function signApproval(offer: ApprovalOffer): Promise<readonly Signed[]> {
  const credential = await assertion(offer.options);
  const path = `/api/desk/approvals/${id(offer.approval)}/sign`;
  return (await call<{ cards: Signed[] }>("POST", path, { credential })).cards;
}
