/** The key list: which key may sign what, when, for which classes (section 5). Only the root adds to it. */
import type { Bytes } from "./bytes.ts";
import { hex } from "./bytes.ts";
import { decode } from "./cbor.ts";
import { Fields, uint } from "./claims.ts";
import { PublicKey, SEALING, checkPublic, fits } from "./cose.ts";
import { DAY_S } from "./days.ts";
import { Refused, malformed } from "./errors.ts";

export const KEYS_TYP = "application/cardsvc-keys+cose";

/** Status and bundle keys live on hosts with a network: a stolen one must run out (section 5). */
const MAX_ONLINE_WINDOW_S = 100 * DAY_S;
/** Offsets of the world run from -12:00 to +14:00. */
const MIN_OFFSET_S = -12 * 3600;
const MAX_OFFSET_S = 14 * 3600;
const MAX_CLASS = 255;

/** What a listed key may do, and nothing else. */
export const USES = ["", "card", "token", "status", "bundle", "seal"] as const;
export type KeyUse = 1 | 2 | 3 | 4 | 5;
export const CARD: KeyUse = 1;
export const TOKEN: KeyUse = 2;
export const STATUS: KeyUse = 3;
export const BUNDLE: KeyUse = 4;
export const SEAL: KeyUse = 5;

/** One entry; it signs from `signFrom` until before `signUntil`, and is believed before `trustUntil` (seconds). */
export interface TrustedKey {
  readonly key: PublicKey;
  readonly use: KeyUse;
  readonly signFrom: number;
  readonly signUntil: number;
  readonly trustUntil: number;
  /** null: all */
  readonly classes: ReadonlySet<number> | null;
  /** There for status and bundle keys alone. */
  readonly epoch: number | null;
}

/** All keys of one issuer, whole; `rootVersion` names the root document it was signed under. */
export interface KeyList {
  readonly issuer: string;
  readonly iat: number;
  readonly version: number;
  readonly rootVersion: number;
  readonly dayOffsetS: number;
  readonly keys: readonly TrustedKey[];
}

/** Whether something made at `iat` lies in the key's signing window. */
export function covers(entry: TrustedKey, iat: number): boolean {
  return entry.signFrom <= iat && iat < entry.signUntil;
}

/** The key list in `payload`; raises `malformed`, `weak_key` or `duplicate_key`. */
export function decodeKeyList(payload: Bytes): KeyList {
  const fields = new Fields(decode(payload), "key list");
  const keys = fields.array(15).map((item) => entry(new Fields(item, "key list entry")));
  if (new Set(keys.map(({ key }) => hex(key.raw))).size !== keys.length) {
    throw new Refused("duplicate_key", "key list: one key stands twice, and would have two uses or windows");
  }
  return {
    issuer: fields.text(1),
    iat: fields.uint(6),
    version: fields.uint(10),
    rootVersion: fields.uint(13),
    dayOffsetS: fields.integer(14, MIN_OFFSET_S, MAX_OFFSET_S),
    keys,
  };
}

function entry(fields: Fields): TrustedKey {
  const key = PublicKey.fromCoseKey(fields.any(1));
  checkPublic(key);
  const number = fields.uint(3);
  if (number < CARD || number > SEAL) throw malformed(`key list entry: expected a use from 1 to 5, found ${number}`);
  const use = number as KeyUse;
  const seals = key.algorithm === SEALING;
  const algorithm = fields.has(2) ? fields.integer(2, -65536, -1) : null;
  if (seals !== (use === SEAL) || (seals ? algorithm !== null : !fits(key, algorithm))) {
    throw malformed(`key list entry: use ${use} and algorithm ${algorithm} do not fit the key`);
  }
  const online = use === STATUS || use === BUNDLE;
  if (online !== fields.has(7)) throw malformed("key list entry: status and bundle keys have an epoch, and no others");
  if (use !== CARD && use !== TOKEN && fields.has(8)) {
    throw malformed("key list entry: only card and token keys are bound to classes");
  }
  const [signFrom, signUntil, trustUntil] = [fields.uint(4), fields.uint(5), fields.uint(6)];
  const classes = fields.has(8)
    ? new Set(fields.array(8).map((item) => uint(item, "key list entry, a class", MAX_CLASS)))
    : null;
  const epoch = fields.optionalUint(7);
  if (!(signFrom < signUntil && signUntil <= trustUntil)) {
    throw malformed("key list entry: expected sign_from < sign_until ≤ trust_until");
  }
  if (online && signUntil - signFrom > MAX_ONLINE_WINDOW_S) {
    throw malformed("key list entry: a status or bundle key signs for at most 100 days");
  }
  return { key, use, signFrom, signUntil, trustUntil, classes, epoch };
}

/** Keys by the hexadecimal of their kid; two keys may share one by chance, and both are then tried. */
export function byKid(keyList: KeyList): ReadonlyMap<string, readonly TrustedKey[]> {
  const keys = new Map<string, TrustedKey[]>();
  for (const one of keyList.keys) {
    const kid = hex(one.key.kid);
    keys.set(kid, [...(keys.get(kid) ?? []), one]);
  }
  return keys;
}
