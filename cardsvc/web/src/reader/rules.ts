/** Venue rules: who may enter when, how fresh the data must be, and what a presentation proves (section 8). */
import type { CborMap, Item } from "./cbor.ts";
import { mapping, optionalInteger } from "./claims.ts";
import { DAY_S, FIRST_DAY_EPOCH } from "./days.ts";
import { Refused, malformed } from "./errors.ts";

/** What a presentation proves, by its number in a policy; weakest first (section 7). */
export const ASSURANCES = ["", "print", "chip", "chip-proved", "phone", "phone-proved"] as const;
export type Assurance = "print" | "chip" | "chip-proved" | "phone" | "phone-proved";

/** Defaults of section 5. */
const STALE_AFTER_S = 24 * 3600;
const EXPIRED_AFTER_S = 7 * DAY_S;
/**
 * Readers remember visits for so long, and where somebody was for no longer: a quota or passback of more would let in
 * what it forbids, so it is refused.
 */
export const LONGEST_LOOK_BACK_S = 35 * DAY_S;
/** The only two attentions a policy may open a door on (section 8). */
const OPENABLE = ["data_stale", "status_unknown"];
/** 2020-01-01 was a Wednesday; Monday is 0. */
const FIRST_WEEKDAY = 2;
const LAST_KNOWN_RULE = 9;

/** Open on the weekdays of `days` (bit 0 Monday), in minutes of the issuer's local day. */
export interface Hours {
  readonly days: number;
  readonly opens: number;
  readonly closes: number;
}

/** What a reader remembers of a card; a reader with a journal has one, a single check has none. */
export interface History {
  /** How often the card was admitted from the epoch second `since` to `until`. */
  admissions(number: string, service: number | null, since: number, until: number): Promise<number>;
  /** When the card last went in without having gone out since, in epoch seconds. */
  lastEntry(number: string): Promise<number | null>;
}

/** The rules of one venue, as its bundle carries them. */
export interface Policy {
  readonly services: ReadonlySet<number>;
  readonly staleAfterS: number;
  readonly expiredAfterS: number;
  readonly accept: ReadonlySet<Assurance>;
  readonly opensOn: ReadonlySet<string>;
  readonly hours: readonly Hours[];
  readonly quota: { readonly count: number; readonly periodS: number } | null;
  readonly passbackS: number | null;
  readonly permitFree: ReadonlySet<number>;
  /** The rules that only a reader which remembers can judge. */
  readonly asksHistory: readonly string[];
}

/**
 * Read a policy map; throws `malformed`, and `unsupported_policy` for what no reader enforces: a negative key, which is
 * a rule nobody may ignore, and a quota or passback that looks back too far.
 */
export function decodePolicy(item: Item): Policy {
  const policy = mapping(item, "the policy");
  for (const key of policy.keys()) {
    if (typeof key === "number" && key >= 1 && key <= LAST_KNOWN_RULE) continue;
    if (typeof key === "string" || (key as number | bigint) < 0) {
      throw new Refused("unsupported_policy", "the policy has a rule that this reader lacks");
    }
  }
  const opensOn = policy.get(5) ?? [];
  if (!Array.isArray(opensOn) || !opensOn.every((name) => typeof name === "string" && OPENABLE.includes(name))) {
    throw malformed(`a door may open on ${OPENABLE.join(" and ")} only`);
  }
  const hours = policy.get(6) ?? [];
  if (!Array.isArray(hours) || policy.get(6) === null || policy.get(5) === null) throw malformed("hours must be an array");
  const quota = policy.get(7) ?? null;
  const passbackS = seconds(policy, 8);
  const [count, periodS] = quota === null ? [] : numbers(quota, 2);
  const rules: Policy = {
    services: new Set(integers(policy, 1)),
    staleAfterS: seconds(policy, 2) ?? STALE_AFTER_S,
    expiredAfterS: seconds(policy, 3) ?? EXPIRED_AFTER_S,
    accept: accepted(policy),
    opensOn: new Set(opensOn as string[]),
    hours: hours.map((part) => {
      const [days, opens, closes] = numbers(part, 3) as [number, number, number];
      return { days, opens, closes };
    }),
    quota: count === undefined || periodS === undefined ? null : { count, periodS },
    passbackS,
    permitFree: new Set(integers(policy, 9)),
    asksHistory: [...(quota === null ? [] : ["quota"]), ...(passbackS === null ? [] : ["passback"])],
  };
  if (Math.max(passbackS ?? 0, periodS ?? 0) > LONGEST_LOOK_BACK_S) {
    throw new Refused("unsupported_policy", `quota and passback look back ${LONGEST_LOOK_BACK_S / DAY_S} days at most`);
  }
  return rules;
}

/** Whether the venue is open now; without hours always. Hours past midnight belong to their first day. */
export function isOpen(hours: readonly Hours[], now: number, offsetS: number): boolean {
  if (hours.length === 0) return true;
  const local = now - FIRST_DAY_EPOCH + offsetS;
  const day = Math.floor(local / DAY_S);
  const minute = Math.floor((local - day * DAY_S) / 60);
  const weekday = (back: number): number => (((FIRST_WEEKDAY + day - back) % 7) + 7) % 7;
  return hours.some((part) => {
    const wraps = part.closes <= part.opens;
    const on = (back: number): boolean => Math.floor(part.days / 2 ** weekday(back)) % 2 === 1;
    const today = on(0) && part.opens <= minute && (wraps || minute < part.closes);
    return today || (wraps && on(1) && minute < part.closes);
  });
}

function accepted(policy: CborMap): ReadonlySet<Assurance> {
  const levels = policy.has(4) ? integers(policy, 4) : [1, 2, 3, 4, 5];
  return new Set(
    levels.map((level) => {
      const assurance = ASSURANCES[level];
      if (!assurance) throw malformed(`assurance levels are 1 to 5, found ${level}`);
      return assurance;
    }),
  );
}

function seconds(policy: CborMap, label: number): number | null {
  const value = optionalInteger(policy, label, `rule ${label} of the policy`) ?? null;
  if (value !== null && value < 0) throw malformed(`rule ${label} of the policy is a number of seconds`);
  return value;
}

function integers(policy: CborMap, label: number): readonly number[] {
  const value = policy.get(label);
  return value === undefined ? [] : numbers(value, null);
}

function numbers(item: Item, size: number | null): readonly number[] {
  if (
    Array.isArray(item) &&
    (size === null || item.length === size) &&
    item.every((number) => typeof number === "number" && number >= 0)
  ) {
    return item as number[];
  }
  throw malformed("a rule of the policy must be an array of non-negative integers");
}
