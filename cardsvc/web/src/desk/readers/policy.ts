/** A venue's rules as they are edited: what is empty, what is equal, and two people's edits put together. */
import type { Hours, VenueConfig } from "../../shared/api/readers.ts";

export const ROLES = ["gate", "desk", "seller", "police"] as const;
export const ASSURANCES = ["print", "chip", "chip-proved", "phone", "phone-proved"] as const;
export const OPENABLE = ["data_stale", "status_unknown"] as const;
export const CLASSES = ["merchant", "resident", "student", "talent", "family"] as const;
export const WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** The rules that a new venue begins with: the city's usual ones (docs/format.md, section 5). */
export const BEGIN: VenueConfig = {
  name: "",
  role: "gate",
  services: [],
  accept: ASSURANCES,
  stale_after_s: 86_400,
  expired_after_s: 604_800,
  staffed: false,
  opens_on: [],
  permit_free: ["talent"],
};

export type Setting = keyof VenueConfig;
export const SETTINGS: readonly Setting[] = [
  "name", "role", "services", "accept", "stale_after_s", "expired_after_s", "staffed", "opens_on", "permit_free", "hours", "quota", "passback_s", "hotlist",
];

/** What says nothing is the same as what is not there; the order of a set says nothing either. */
function plain(value: unknown): string {
  if (value === undefined || value === null || value === false || (Array.isArray(value) && value.length === 0)) return "";
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return JSON.stringify([...value].sort());
  return JSON.stringify(value);
}
export const same = (one: unknown, other: unknown): boolean => plain(one) === plain(other);

export const changed = (before: VenueConfig, after: VenueConfig): Setting[] => SETTINGS.filter((name) => !same(before[name], after[name]));

export interface Merged {
  readonly config: VenueConfig;
  /** Settings that both changed, each to something else; `config` keeps mine until somebody decides. */
  readonly clashes: readonly Setting[];
}

/** My edit on top of another's that was saved meanwhile; `base` is what both began with. */
export function merge(base: VenueConfig, theirs: VenueConfig, mine: VenueConfig): Merged {
  const own = changed(base, mine);
  const clashes = own.filter((name) => !same(base[name], theirs[name]) && !same(mine[name], theirs[name]));
  return { config: Object.assign({}, theirs, ...own.map((name) => ({ [name]: mine[name] }))) as VenueConfig, clashes };
}

export const withSetting = <S extends Setting>(config: VenueConfig, name: S, value: VenueConfig[S]): VenueConfig => ({ ...config, [name]: value });

/** `mon-fri` as its two ends; a single day is both. */
export function daysOf(hours: Hours): readonly [string, string] {
  const [first = "mon", last] = hours.days.split("-");
  return [first, last ?? first];
}
export const daysText = (first: string, last: string): string => (first === last ? first : `${first}-${last}`);

/** A time of day as people type it: `8`, `0830`, `8.30`, `８：３０` mean 08:00 and 08:30. */
export function clock(text: string): string {
  const found = /^\s*(\d{1,2})(?:\s*[:.：时]?\s*(\d{2}))?\s*$/.exec(text.normalize("NFKC"));
  return found ? `${(found[1] ?? "").padStart(2, "0")}:${found[2] ?? "00"}` : text.trim();
}
export const isClock = (text: string): boolean => /^([01]\d|2[0-3]):[0-5]\d$|^24:00$/.test(text);

/** What cannot be saved, by setting; the service judges all of it once more. */
export function wrong(config: VenueConfig): readonly Setting[] {
  const found: Setting[] = [];
  if (config.name.trim() === "") found.push("name");
  if (config.accept.length === 0) found.push("accept");
  if (config.stale_after_s > config.expired_after_s || config.expired_after_s <= 0) found.push("expired_after_s");
  if (config.hours?.some((one) => !isClock(one.from) || !isClock(one.to))) found.push("hours");
  if (config.quota && (!(config.quota.count >= 1) || !(config.quota.period_s >= 1))) found.push("quota");
  return found;
}
