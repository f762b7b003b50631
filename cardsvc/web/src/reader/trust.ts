/**
 * From a signed bundle to what a reader may believe: a step over bytes, whole or nothing (section 5).
 *
 * `accept` takes what the reader remembers and one bundle, and gives the next memory and a `Trust`; it raises
 * and changes nothing otherwise. No I/O, no clock: the shell around it brings bytes and `now`.
 *
 * 1. Strict parse (size first), 2. chain of root documents, 3. key list, 4. the bundle's signature and place in
 * time, 5. its lists. An expired bundle is accepted here: it is the verdict that denies on its age.
 */
import type { Bytes } from "./bytes.ts";
import { hex, sha256 } from "./bytes.ts";
import { MAX_INTEGER } from "./cbor.ts";
import type { CborMap } from "./cbor.ts";
import { BUNDLE_TYP, ISSUED_TYP, decodeBundle, decodeIssued } from "./documents.ts";
import type { Bundle, IssuedList, RootDocument } from "./documents.ts";
import { DAY_S, moment, span } from "./days.ts";
import { Refused, malformed } from "./errors.ts";
import { BUNDLE, CARD, KEYS_TYP, STATUS, TOKEN, byKid, decodeKeyList } from "./keylist.ts";
import type { KeyList, TrustedKey } from "./keylist.ts";
import { iatsOf, readLists } from "./lists.ts";
import type { Lists } from "./lists.ts";
import { checkNotAhead, followChain } from "./root.ts";
import { OnlineKeys, checkThreshold, readSign } from "./signers.ts";
import type { TrustState } from "./state.ts";

/** Thirty times a city's bundle (docs/performance.md); more is refused before a byte of it is parsed. */
export const MAX_BUNDLE_BYTES = 4 * 1024 * 1024;
/** Twice a bundle's usual 14 days: a stolen bundle key cannot keep a reader content for longer. */
const MAX_BUNDLE_LIFE_S = 31 * DAY_S;

type KeysByKid = ReadonlyMap<string, readonly TrustedKey[]>;

/** What one accepted bundle lets a reader believe. Times are epoch seconds; kids are hexadecimal. */
export interface Trust {
  readonly issuer: string;
  readonly venue: string;
  readonly epoch: number;
  readonly seq: number;
  readonly iat: number;
  readonly exp: number;
  readonly ttl: number;
  readonly dayOffsetS: number;
  readonly policy: CborMap;
  readonly keys: KeysByKid;
  /** The issued list of a distrusted key, null where it is not at hand. */
  readonly distrusted: ReadonlyMap<string, IssuedList | null>;
  /** The earliest time this reader's clock may plausibly show. */
  readonly timeFloor: number;
  readonly lists: Lists;
}

/**
 * Judge a bundle against what the reader remembers; `now` is the reader's clock in epoch seconds.
 *
 * `issued` are issued lists fetched beside the bundle; one that the bundle does not name by its hash is passed
 * over. The bundle last accepted may be given again, at any clock, and gives the same. Raises `Refused` with
 * one of the reasons of section 5; a `crit` header is `Unchecked` `unsupported`.
 */
export async function accept(
  state: TrustState,
  bundle: Bytes,
  now: number,
  issued: readonly Bytes[] = [],
): Promise<{ state: TrustState; trust: Trust }> {
  // 1. Strict parse, size first.
  if (bundle.length > MAX_BUNDLE_BYTES) throw malformed(`bundle: expected at most ${MAX_BUNDLE_BYTES} bytes`);
  const sign = readSign(bundle, BUNDLE_TYP);
  const content = decodeBundle(sign.payload);
  const digest = hex(sha256(bundle));
  // What was accepted once is not from the future: then this clock is wrong, and the verdict says so.
  const clock = digest === state.bundleHash ? MAX_INTEGER : now;
  // 2. Root documents. A clock set back must not make an expired chain look fresh: the floor stands in.
  const { newest, root } = await followChain(state.root, content.roots, Math.max(now, state.timeFloor));
  // 3. Key list.
  const { keyList, keyListHash } = await readKeyList(content, root, state, clock);
  const keys = byKid(keyList);
  // 4. The bundle itself.
  const online = new OnlineKeys(keys, content.epoch);
  await online.checkSign(sign, BUNDLE, content.iat, content.exp, "bundle");
  checkPlace(content, digest, state, clock);
  // 5. What it carries.
  const lists = await readLists(content, online);
  checkListIats(lists, state);
  const hashes = distrustedKeys(content, keys, state);
  const found = await readIssued(content, online, hashes, issued);
  const timeFloor = Math.max(state.timeFloor, content.iat);
  const trust: Trust = {
    issuer: content.issuer,
    venue: content.venue,
    epoch: content.epoch,
    seq: content.seq,
    iat: content.iat,
    exp: content.exp,
    ttl: content.ttl,
    dayOffsetS: keyList.dayOffsetS,
    policy: content.policy,
    keys,
    distrusted: new Map(Array.from(hashes.keys(), (kid) => [kid, found.get(kid) ?? null])),
    timeFloor,
    lists,
  };
  const remembered: TrustState = {
    root: newest,
    issuer: content.issuer,
    venue: content.venue,
    keyListVersion: keyList.version,
    keyListHash,
    epoch: content.epoch,
    seq: content.seq,
    bundleHash: digest,
    listIats: nextIats(lists, state, content.iat),
    timeFloor,
    distrusted: hashes,
  };
  return { state: remembered, trust };
}

/** The key list, and the SHA-256 of its payload: further signers may join a list, its content may not. */
async function readKeyList(
  content: Bundle,
  root: RootDocument,
  state: TrustState,
  now: number,
): Promise<{ keyList: KeyList; keyListHash: string }> {
  const sign = readSign(content.keyList, KEYS_TYP);
  await checkThreshold(sign, root.keys, root.threshold, "key list");
  const keyList = decodeKeyList(sign.payload);
  if (keyList.rootVersion !== root.version) {
    const reason = keyList.rootVersion < root.version ? "rollback" : "root_gap";
    throw new Refused(reason, `key list: expected root version ${root.version}, found ${keyList.rootVersion}`);
  }
  if (keyList.version < state.keyListVersion) {
    throw new Refused("rollback", `key list: expected version ${state.keyListVersion} or later`);
  }
  const keyListHash = hex(sha256(sign.payload));
  if (keyList.version === state.keyListVersion && state.keyListHash !== null && state.keyListHash !== keyListHash) {
    throw new Refused("rollback", `key list: another one of version ${keyList.version} was accepted before`);
  }
  if (keyList.issuer !== content.issuer) {
    throw new Refused("wrong_issuer", `key list: of ${keyList.issuer}, the bundle is of ${content.issuer}`);
  }
  const roots = new Set(root.keys.map((key) => `${key.algorithm}:${hex(key.raw)}`));
  if (keyList.keys.some(({ key }) => roots.has(`${key.algorithm}:${hex(key.raw)}`))) {
    throw new Refused("duplicate_key", "key list: a root key stands in it, and would have two uses");
  }
  checkNotAhead(keyList.iat, now, "key list");
  return { keyList, keyListHash };
}

/** Whether the bundle is for this reader, and not older than the last one. */
function checkPlace(content: Bundle, digest: string, state: TrustState, now: number): void {
  if (state.issuer !== null && state.issuer !== content.issuer) {
    throw new Refused("wrong_issuer", `bundle: expected issuer ${state.issuer}, found ${content.issuer}`);
  }
  if (state.venue !== null && state.venue !== content.venue) {
    throw new Refused("wrong_venue", `bundle: expected venue ${state.venue}, found ${content.venue}`);
  }
  if (!(content.iat < content.exp && content.exp <= content.iat + MAX_BUNDLE_LIFE_S)) {
    throw malformed(`bundle: expected a life of at most ${span(MAX_BUNDLE_LIFE_S)}`);
  }
  checkNotAhead(content.iat, now, "bundle");
  if (state.bundleHash === null) return;
  const ahead = content.epoch - state.epoch || content.seq - state.seq;
  if (ahead > 0) return;
  const here = `(${content.epoch}, ${content.seq})`;
  if (ahead < 0) throw new Refused("rollback", `bundle: ${here} comes before (${state.epoch}, ${state.seq})`);
  if (digest !== state.bundleHash) throw new Refused("rollback", `bundle: another one with ${here} was accepted`);
}

function checkListIats(lists: Lists, state: TrustState): void {
  for (const [sub, iat] of iatsOf(lists)) {
    const before = state.listIats.get(sub) ?? 0;
    if (iat < before) throw new Refused("rollback", `${sub}: one of ${moment(before)} was accepted before`);
  }
}

/** The iats to remember. One older than any bundle's life is forgotten: what it guards against expired. */
function nextIats(lists: Lists, state: TrustState, iat: number): ReadonlyMap<string, number> {
  const kept = Array.from(state.listIats).filter(([, made]) => made > iat - MAX_BUNDLE_LIFE_S);
  return new Map([...kept, ...iatsOf(lists)]);
}

/**
 * Distrusted keys with their issued list's hash: never fewer within an epoch, afresh with the next. So a stolen
 * bundle key can neither take distrust back nor, past its epoch, leave some behind.
 */
function distrustedKeys(content: Bundle, keys: KeysByKid, state: TrustState): ReadonlyMap<string, string | null> {
  for (const kid of content.distrusted.keys()) {
    const listed = keys.get(kid) ?? [];
    if (listed.length > 0 && !listed.some(({ use }) => use === CARD || use === TOKEN)) {
      throw new Refused("wrong_key_use", `bundle: key ${kid} is no card or token key to be distrusted`);
    }
  }
  return new Map([...(content.epoch === state.epoch ? state.distrusted : []), ...content.distrusted]);
}

/** The issued lists at hand, by the kid of the distrusted key. */
async function readIssued(
  content: Bundle,
  online: OnlineKeys,
  hashes: ReadonlyMap<string, string | null>,
  fetched: readonly Bytes[],
): Promise<ReadonlyMap<string, IssuedList>> {
  const atHand = new Map([...fetched, ...content.issued].map((data) => [hex(sha256(data)), data]));
  const named = new Set(hashes.values());
  if (content.issued.some((data) => !named.has(hex(sha256(data))))) {
    throw new Refused("inconsistent_lists", "bundle: it carries an issued list that it does not name");
  }
  const found = new Map<string, IssuedList>();
  for (const [kid, digest] of hashes) {
    const data = digest === null ? undefined : atHand.get(digest);
    if (data === undefined) continue;
    const sign = readSign(data, ISSUED_TYP);
    const listed = decodeIssued(sign.payload);
    await online.checkSign(sign, STATUS, listed.iat, listed.iat, "issued list"); // It has no exp.
    if (listed.issuer !== content.issuer) {
      throw new Refused("wrong_issuer", `issued list: of ${listed.issuer}, the bundle is of ${content.issuer}`);
    }
    if (hex(listed.kid) !== kid) throw new Refused("inconsistent_lists", `issued list: of another key than ${kid}`);
    found.set(kid, listed);
  }
  return found;
}
