/** What officers' phones ask of the service (docs/police.md). */
import { call } from "./http.ts";
import { assertion, type OptionsJson } from "./passkey.ts";

const ROOT = "/api/police";

/** A shift as the service began it; times are the service's, `covert` are the purposes told to holders later. */
export interface ShiftAnswer {
  readonly staff: string;
  readonly name: string;
  readonly office: string;
  readonly ends: string;
  readonly now: string;
  readonly purposes: readonly string[];
  readonly covert: readonly string[];
  readonly covert_days: number;
}
export const beginShift = () => call<ShiftAnswer>("POST", `${ROOT}/shift`);

/** A one-time code that makes this phone a reader. */
export const phoneCode = () => call<{ readonly code: string; readonly reader: string }>("POST", `${ROOT}/phones`);

export type CardStatus = "valid" | "suspended" | "revoked" | "expired" | "permit_over";

/** The least that tells one person from another. */
export interface Who {
  readonly number: string;
  readonly name: string;
  readonly name_native: string | null;
  readonly language_native: string | null;
  readonly name_chinese: string | null;
  readonly birth: string;
  readonly sex: string;
  readonly nationality: string;
  readonly class: string;
  readonly status: CardStatus;
  readonly permit_until: string | null;
  readonly valid_until: string;
  readonly office: string;
  readonly hotlist: boolean;
}

export interface Details extends Who {
  readonly scan: string;
  readonly until: string;
  readonly passport: string;
  readonly passport_country: string;
  readonly services: readonly { readonly service: string; readonly until: string | null }[];
  readonly prints: readonly { readonly print: number; readonly status: string; readonly made_at: string }[];
}
export const details = (code: string) => call<Details>("POST", `${ROOT}/scans`, { code });
export const portraitOf = (scan: string) => `${ROOT}/scans/${scan}/portrait`;

/** Somebody who was looked up; the portrait is a JPEG in base64. */
export interface Found extends Who {
  readonly portrait: string;
}

/** Whom a look-up is for. */
export type Query =
  | { readonly by: "passport"; readonly passport: string; readonly country: string }
  | { readonly by: "card"; readonly card: string }
  | { readonly by: "name"; readonly name: string; readonly birth: string };

/** Why, and in which case. */
export interface Vouched {
  readonly purpose: string;
  readonly case_number: string;
}
export interface LookUp extends Vouched {
  readonly query: Query;
  readonly covert_days?: number;
}

export interface Request {
  readonly id: string;
  readonly kind: "look_up" | "hot" | "lift";
  readonly state: "waiting" | "approved" | "answered" | "done" | "refused" | "over";
  readonly asker: string;
  readonly asker_name: string;
  readonly office: string;
  readonly purpose: string;
  readonly case_number: string;
  readonly covert_days: number;
  readonly until: string | null;
  readonly query: Readonly<Record<string, string>>;
  readonly at: string;
  readonly expires: string;
  readonly decided: string | null;
  readonly second: string | null;
}
const request = (id: string) => `${ROOT}/requests/${id}`;
export const lookUp = (wish: LookUp) => call<Request>("POST", `${ROOT}/look-ups`, wish);
export const requests = () =>
  call<{ readonly own: readonly Request[]; readonly waiting: readonly Request[] }>("GET", `${ROOT}/requests`);
export const refuse = (id: string) => call<Request>("POST", `${request(id)}/refuse`);
export const answer = (id: string) => call<{ readonly found: readonly Found[] }>("POST", `${ROOT}/look-ups/${id}/answer`);

/** Agree by a passkey: one's own for another's request, another officer's for one's own. */
export async function approve(id: string): Promise<Request> {
  const { options } = await call<{ options: OptionsJson }>("POST", `${request(id)}/challenge`);
  return call<Request>("POST", `${request(id)}/approve`, { credential: await assertion(options) });
}

export interface HotEntry {
  readonly id: string;
  readonly card: string;
  readonly purpose: string;
  readonly case_number: string;
  readonly office: string;
  readonly placed_by: string;
  readonly placed_at: string;
  readonly until: string;
}
/** Some of the list, the newest first; `next` is what to go on behind, null at its end. */
export interface HotPage {
  readonly total: number;
  readonly next: string | null;
  readonly entries: readonly HotEntry[];
}
export const hotlist = (after: string | null) => call<HotPage>("GET", `${ROOT}/hotlist${after === null ? "" : `?after=${after}`}`);
export const placeHot = (wish: Vouched & { readonly card: string; readonly until: string }) =>
  call<Request>("POST", `${ROOT}/hotlist`, wish);
export const liftHot = (entry: string) => call<Request>("POST", `${ROOT}/hotlist/${entry}/lift`);
