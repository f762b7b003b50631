/**
 * The trust objects as bytes: root document, bundle, issued list (section 5). Only their form: who signed what,
 * and whether it may be believed, is judged in trust.ts.
 */
import type { Bytes } from "./bytes.ts";
import { hex } from "./bytes.ts";
import { decode } from "./cbor.ts";
import type { CborMap, Item } from "./cbor.ts";
import { Fields, array, octets } from "./claims.ts";
import { KID_BYTES, PublicKey, SEALING, checkPublic } from "./cose.ts";
import { DAY_S, moment } from "./days.ts";
import { Refused, malformed } from "./errors.ts";

export const ROOT_TYP = "application/cardsvc-root+cose";
export const BUNDLE_TYP = "application/cardsvc-bundle+cose";
export const ISSUED_TYP = "application/cardsvc-issued+cose";

/** One stolen root key must never be enough (section 5). */
const MIN_THRESHOLD = 2;
/** A root document lives two years (section 5); one that says more than three was made by mistake or for ever. */
const MAX_ROOT_LIFE_S = 3 * 366 * DAY_S;
/** The first 16 bytes of a SHA-256: 2^-64 to hit one of a city's cards by chance. */
const PREFIX_BYTES = 16;
const HASH_BYTES = 32;

/** Who may sign root documents and key lists: `threshold` of `keys`; times are epoch seconds. */
export interface RootDocument {
  readonly version: number;
  readonly iat: number;
  readonly exp: number;
  readonly threshold: number;
  readonly keys: readonly PublicKey[];
}

/** Which codes a distrusted key really signed, by the 16-byte prefixes of their payloads' SHA-256. */
export interface IssuedList {
  readonly issuer: string;
  readonly iat: number;
  readonly kid: Bytes;
  readonly prefixes: ReadonlySet<string>;
}

/** Everything a venue's reader needs, as one signed whole; lists and documents are still signed bytes. */
export interface Bundle {
  readonly issuer: string;
  readonly venue: string;
  readonly epoch: number;
  readonly seq: number;
  readonly iat: number;
  readonly exp: number;
  readonly ttl: number;
  readonly roots: readonly Bytes[];
  readonly keyList: Bytes;
  readonly status: readonly Bytes[];
  readonly permits: readonly Bytes[];
  readonly entitlements: readonly Bytes[];
  readonly policy: CborMap;
  /** kid to the hash of its issued list or null, both in hexadecimal. */
  readonly distrusted: ReadonlyMap<string, string | null>;
  readonly hotlists: readonly Bytes[];
  readonly issued: readonly Bytes[];
}

/** The root document in `payload`; raises `malformed`, `weak_key` or `duplicate_key`. */
export function decodeRoot(payload: Bytes): RootDocument {
  const fields = new Fields(decode(payload), "root document");
  const keys = fields.array(12).map((item) => PublicKey.fromCoseKey(item));
  for (const key of keys) {
    if (key.algorithm === SEALING) throw malformed("root document: expected keys that sign, found one that seals");
    checkPublic(key);
  }
  if (new Set(keys.map((key) => `${key.algorithm}:${hex(key.raw)}`)).size !== keys.length) {
    throw new Refused("duplicate_key", "root document: one key stands twice, and would count twice");
  }
  const threshold = fields.uint(11);
  if (threshold < MIN_THRESHOLD || threshold > keys.length) {
    throw malformed(`root document: expected a threshold from 2 to ${keys.length} keys, found ${threshold}`);
  }
  const [iat, exp] = [fields.uint(6), fields.uint(4)];
  if (exp - iat > MAX_ROOT_LIFE_S) {
    throw malformed(`root document: lives from ${moment(iat)} to ${moment(exp)}, over 3 years`);
  }
  return { version: fields.uint(10), iat, exp, threshold, keys };
}

export function sameRoot(one: RootDocument, other: RootDocument): boolean {
  const keys = (root: RootDocument): string => root.keys.map((key) => `${key.algorithm}:${hex(key.raw)}`).join();
  return (
    one.version === other.version &&
    one.iat === other.iat &&
    one.exp === other.exp &&
    one.threshold === other.threshold &&
    keys(one) === keys(other)
  );
}

/** The issued list in `payload`; raises `malformed`, also where the prefixes are not in order. */
export function decodeIssued(payload: Bytes): IssuedList {
  const fields = new Fields(decode(payload), "issued list");
  const whole = hex(fields.octets(33));
  const width = 2 * PREFIX_BYTES;
  const rows = Array.from({ length: Math.ceil(whole.length / width) }, (_, i) => whole.slice(i * width, (i + 1) * width));
  if (whole.length % width || rows.some((row, i) => i > 0 && rows[i - 1]! >= row)) {
    throw malformed("issued list: expected prefixes of 16 bytes in ascending order, each once");
  }
  return { issuer: fields.text(1), iat: fields.uint(6), kid: fields.octets(32, KID_BYTES), prefixes: new Set(rows) };
}

/** Whether the payload with this SHA-256 was signed by the office. */
export function wasIssued(list: IssuedList, payloadHash: Bytes): boolean {
  return list.prefixes.has(hex(payloadHash.slice(0, PREFIX_BYTES)));
}

/** The bundle in `payload`; raises `malformed`. */
export function decodeBundle(payload: Bytes): Bundle {
  const fields = new Fields(decode(payload), "bundle");
  const policy = fields.any(29);
  if (!(policy instanceof Map)) throw malformed("bundle: expected a map as policy");
  return {
    issuer: fields.text(1),
    venue: fields.text(20),
    epoch: fields.uint(21),
    seq: fields.uint(10),
    iat: fields.uint(6),
    exp: fields.uint(4),
    ttl: fields.uint(22),
    roots: fields.documents(23),
    keyList: fields.octets(24),
    status: fields.documents(26),
    permits: fields.documents(27),
    entitlements: fields.documents(28),
    policy,
    distrusted: distrusted(fields.array(25)),
    hotlists: fields.optionalDocuments(30),
    issued: fields.optionalDocuments(31),
  };
}

function distrusted(rows: readonly Item[]): ReadonlyMap<string, string | null> {
  const found = new Map<string, string | null>();
  for (const row of rows) {
    const pair = array(row, "bundle, a distrusted key");
    if (pair.length !== 2) throw malformed("bundle: a distrusted key is a pair of kid and hash or null");
    const kid = hex(octets(pair[0] as Item, "bundle, a distrusted kid", KID_BYTES));
    if (found.has(kid)) throw malformed("bundle: a key is distrusted twice");
    const digest = pair[1] as Item;
    found.set(kid, digest === null ? null : hex(octets(digest, "bundle, an issued list's hash", HASH_BYTES)));
  }
  return found;
}
