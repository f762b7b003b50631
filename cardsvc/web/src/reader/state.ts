/** What a reader remembers between bundles, so that old data cannot come back as new (section 5). */
import { base64, fromBase64, fromHex, hex } from "./bytes.ts";
import type { Bytes } from "./bytes.ts";
import { malformed } from "./errors.ts";
import { checkNotAhead, readRoot } from "./root.ts";

const FORMAT = 1;

/** The memory of one reader; `accept` makes the next one. Hashes and kids are hexadecimal, times epoch seconds. */
export interface TrustState {
  /** The newest signed root document. */
  readonly root: Bytes;
  readonly issuer: string | null;
  readonly venue: string | null;
  readonly keyListVersion: number;
  readonly keyListHash: string | null;
  readonly epoch: number;
  readonly seq: number;
  readonly bundleHash: string | null;
  readonly listIats: ReadonlyMap<string, number>;
  readonly timeFloor: number;
  readonly distrusted: ReadonlyMap<string, string | null>;
}

/**
 * The memory of a reader that was given `root` by hand, and nothing else yet. Issuer and venue, where not named
 * here, are those of the first bundle. Raises what a bad root document is refused for, and `future_iat`.
 */
export async function pin(
  root: Bytes,
  now: number,
  names: { issuer?: string; venue?: string } = {},
): Promise<TrustState> {
  checkNotAhead((await readRoot(root)).iat, now, "root document");
  return {
    root,
    issuer: names.issuer ?? null,
    venue: names.venue ?? null,
    keyListVersion: 0,
    keyListHash: null,
    epoch: 0,
    seq: 0,
    bundleHash: null,
    listIats: new Map(),
    timeFloor: 0,
    distrusted: new Map(),
  };
}

/** The state as JSON, member for member as the reader in Python writes it. */
export function stateToJson(state: TrustState): string {
  return JSON.stringify({
    format: FORMAT,
    root: base64(state.root),
    issuer: state.issuer,
    venue: state.venue,
    key_list_version: state.keyListVersion,
    key_list_sha256: state.keyListHash,
    epoch: state.epoch,
    seq: state.seq,
    bundle_sha256: state.bundleHash,
    list_iats: Object.fromEntries(state.listIats),
    time_floor: state.timeFloor,
    distrusted: Object.fromEntries(state.distrusted),
  });
}

/** The state that `stateToJson` wrote; a damaged one is `malformed`, never half a memory. */
export async function stateFromJson(text: string): Promise<TrustState> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw malformed("reader state: no JSON");
  }
  const members = record(raw);
  if (members["format"] !== FORMAT) throw malformed(`reader state: expected format ${FORMAT}`);
  const root = fromBase64(String(members["root"]));
  await readRoot(root);
  return {
    root,
    issuer: textOrNull(members["issuer"]),
    venue: textOrNull(members["venue"]),
    keyListVersion: uint(members["key_list_version"]),
    keyListHash: hashOrNull(members["key_list_sha256"], 32),
    epoch: uint(members["epoch"]),
    seq: uint(members["seq"]),
    bundleHash: hashOrNull(members["bundle_sha256"], 32),
    listIats: new Map(Object.entries(record(members["list_iats"])).map(([sub, iat]) => [sub, uint(iat)])),
    timeFloor: uint(members["time_floor"]),
    distrusted: new Map(
      Object.entries(record(members["distrusted"])).map(([kid, digest]) => [hash(kid, 8), hashOrNull(digest, 32)]),
    ),
  };
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed("reader state: expected an object");
  }
  return value as Record<string, unknown>;
}

function uint(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0) {
    throw malformed("reader state: expected an unsigned integer");
  }
  return value;
}

function textOrNull(value: unknown): string | null {
  if (value === null || (typeof value === "string" && value !== "")) return value;
  throw malformed("reader state: expected text or null");
}

function hashOrNull(value: unknown, size: number): string | null {
  return value === null ? null : hash(value, size);
}

function hash(value: unknown, size: number): string {
  if (typeof value !== "string" || fromHex(value).length !== size) {
    throw malformed("reader state: a hash is hexadecimal text");
  }
  return hex(fromHex(value));
}
