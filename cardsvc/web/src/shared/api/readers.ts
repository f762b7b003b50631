/** Venues, readers and what they report (docs/readers.md, "The service's side"). */
import { call, query } from "./http.ts";

export type VenueRole = "gate" | "desk" | "seller" | "police";
export interface Hours {
  readonly days: string;
  readonly from: string;
  readonly to: string;
}
export interface VenueConfig {
  readonly name: string;
  readonly role: VenueRole;
  readonly services: readonly string[];
  readonly accept: readonly string[];
  readonly stale_after_s: number;
  readonly expired_after_s: number;
  readonly staffed: boolean;
  readonly opens_on: readonly string[];
  readonly permit_free: readonly string[];
  readonly hours?: readonly Hours[];
  readonly quota?: { readonly count: number; readonly period_s: number } | null;
  readonly passback_s?: number | null;
  readonly hotlist?: boolean;
}
export interface Venue {
  readonly id: string;
  readonly version: string;
  readonly config: VenueConfig;
  readonly readers: number;
  readonly changed: { readonly by: string; readonly at: string } | null;
}
/** `version` is that of the venue as it is now; null where there is none of that name. */
export interface Preview {
  readonly version: string | null;
  readonly changes: readonly Change[];
  readonly readers: number;
  readonly known_within_s: number;
}
export interface Change {
  readonly setting: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly cards: number | null;
  readonly visits: number | null;
}

const id = encodeURIComponent;
export const venues = (signal?: AbortSignal) => call<{ venues: Venue[] }>("GET", "/api/venues", undefined, signal);
export const previewVenue = (venue: string, version: string | null, config: VenueConfig, signal?: AbortSignal) =>
  call<Preview>("POST", `/api/venues/${id(venue)}/preview`, { version, config }, signal);
export const putVenue = (venue: string, version: string | null, config: VenueConfig) =>
  call<Venue>("PUT", `/api/venues/${id(venue)}`, { version, config });

export const KINDS = ["bus", "door", "desk", "tablet", "system"] as const;
export type Kind = (typeof KINDS)[number] | "phone";
export type ReaderState = "active" | "silent" | "stale" | "revoked";
export interface Position {
  readonly latitude: number;
  readonly longitude: number;
}
export interface Reader {
  readonly id: string;
  readonly venue: string;
  readonly profile: string;
  readonly kind: Kind;
  readonly site: string | null;
  readonly position: Position | null;
  readonly state: ReaderState;
  readonly fingerprint: string;
  readonly enrolled: string;
  readonly revoked: string | null;
  readonly seen: string | null;
  readonly data_at: string | null;
  readonly bundle: string | null;
  readonly records: number;
  readonly vouched: number;
  readonly quarantined: Readonly<Record<string, number>>;
  readonly wrong_checkpoints: number;
}
export interface WaitingCode {
  readonly reader: string;
  readonly venue: string;
  readonly kind: Kind;
  readonly site: string | null;
  readonly made_by: string;
  readonly expires: string;
}
export interface Readers {
  readonly readers: readonly Reader[];
  readonly codes: readonly WaitingCode[];
}
export interface CodeWanted {
  readonly venue: string;
  readonly name: string | null;
  readonly profile: string | null;
  readonly kind: Kind;
  readonly site: string | null;
  readonly position: Position | null;
  readonly service: string | null;
}
export interface Code {
  readonly code: string;
  readonly reader: string;
  readonly venue: string;
  readonly kind: Kind;
  readonly expires: string;
  readonly url: string;
  readonly setup: { readonly install: string; readonly enrol: string; readonly config: string | null };
}
const reader = (one: string) => `/api/readers/${id(one)}`;
export const readers = (signal?: AbortSignal) => call<Readers>("GET", "/api/readers", undefined, signal);
export const makeCode = (wanted: CodeWanted) => call<Code>("POST", "/api/reader-codes", wanted);
export const endCode = (one: string) => call<void>("DELETE", `/api/reader-codes/${id(one)}`);
export const revokeReader = (one: string, reason: string) => call<Reader>("POST", `${reader(one)}/revoke`, { reason });
export const putPlace = (one: string, kind: Kind, site: string | null, position: Position | null) =>
  call<Reader>("PUT", `${reader(one)}/place`, { kind, site, position });

export interface Run {
  readonly reason: string;
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly came: string;
  readonly recorded_from: string | null;
  readonly recorded_to: string | null;
}
export interface Quarantine {
  readonly head: number;
  readonly runs: readonly Run[];
  readonly go_on_from: number | null;
  readonly missing: number;
}
export const quarantine = (one: string) => call<Quarantine>("GET", `${reader(one)}/quarantine`);
export const goOn = (one: string, seq: number, reason: string) => call<Reader>("POST", `${reader(one)}/go-on`, { seq, reason });
export const setAside = (one: string, kind: string, reason: string) => call<Quarantine>("POST", `${reader(one)}/set-aside`, { kind, reason });

export interface Exposed {
  readonly since: string;
  /** When a card was revoked last; null where none ever was. */
  readonly last: string | null;
  readonly readers: readonly { readonly reader: string; readonly venue: string; readonly data_at: string | null; readonly until: string | null }[];
}
/** Since the last revocation, or since an instant. */
export const exposed = (since: string | null, signal?: AbortSignal) =>
  call<Exposed>("GET", `/api/readers/exposed${query({ since: since ?? "" })}`, undefined, signal);

export type Verdict = "allow" | "deny" | "attention";
export interface UseRow {
  readonly hour: string;
  readonly venue: string;
  readonly service: string | null;
  readonly direction: "in" | "out";
  readonly verdict: Verdict;
  readonly reason: string;
  readonly opened: boolean;
  readonly count: number;
}
export interface Span {
  readonly since: string;
  readonly until: string;
  readonly by: "hour" | "day";
  readonly venue?: string;
}
export const use = (span: Span, signal?: AbortSignal) => call<{ rows: UseRow[]; day_offset_s: number }>("GET", `/api/use${query({ ...span })}`, undefined, signal);
export interface Twice {
  readonly venue: string;
  readonly first_reader: string;
  readonly first_site: string | null;
  readonly first: string;
  readonly second_reader: string;
  readonly second_site: string | null;
  readonly second: string;
  readonly apart_s: number;
  readonly apart_m: number | null;
}
export const twice = (venue: string, signal?: AbortSignal) =>
  call<{ within_s: number; fastest_km_h: number; rows: Twice[]; more: boolean }>("GET", `/api/use/twice${query({ venue })}`, undefined, signal);
export interface AdmittedRevoked {
  readonly venue: string;
  readonly reader: string;
  readonly at: string;
  readonly revoked: string;
  readonly after_s: number;
}
export const admittedRevoked = (signal?: AbortSignal) => call<{ rows: AdmittedRevoked[] }>("GET", "/api/use/revoked", undefined, signal);
