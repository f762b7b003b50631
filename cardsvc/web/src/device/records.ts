/** One record of the gate log as bytes (docs/readers.md, "Records"): a link of a chain. */
import type { Bytes } from "../reader/bytes.ts";
import { sha256 } from "../reader/bytes.ts";
import type { Writable } from "../reader/encode.ts";
import { encode } from "../reader/encode.ts";
import { ASSURANCES } from "../reader/rules.ts";
import type { Assurance } from "../reader/rules.ts";
import type { Answer } from "../reader/verdict.ts";

export const CHECKPOINT_TYP = "application/cardsvc-journal+cose";
/** What the first record of a device names as the one before it. */
export const NO_RECORD: Bytes = new Uint8Array(32);

export type Way = "in" | "out";
const ANSWERS: Readonly<Record<Answer, number>> = { allow: 1, deny: 2, attention: 3 };
const WAYS: Readonly<Record<Way, number>> = { in: 1, out: 2 };

/** What a reader has to say about one presentation; times in epoch seconds, `bundle` is [epoch, seq]. */
export interface Entry {
  readonly time: number;
  readonly direction: Way;
  readonly venue: string;
  readonly service: number | null;
  /** The pseudonym, and its month (202611); both or neither. */
  readonly who: Bytes | null;
  readonly month: number | null;
  readonly answer: Answer;
  readonly reason: string;
  readonly bundle: readonly [number, number];
  readonly opened: boolean;
  readonly noted: readonly string[];
  readonly assurance: Assurance | null;
}

/** An entry in its place; `before` is the hash of the record before, `missed` how many verdicts found no room. */
export interface RecordPlace {
  readonly device: string;
  readonly seq: number;
  readonly before: Bytes;
  readonly missed: number;
}

export function encodeRecord({ device, seq, before, missed }: RecordPlace, entry: Entry): Bytes {
  const members = new Map<Writable, Writable>([
    [1, device],
    [2, seq],
    [3, entry.time],
    [4, WAYS[entry.direction]],
    [5, entry.venue],
    [9, ANSWERS[entry.answer]],
    [10, entry.reason],
    [11, entry.bundle],
    [12, before],
    [13, entry.opened],
  ]);
  if (entry.service !== null) members.set(6, entry.service);
  if (entry.who !== null && entry.month !== null) members.set(7, entry.who).set(8, entry.month);
  if (entry.noted.length > 0) members.set(14, entry.noted);
  if (missed > 0) members.set(15, missed);
  if (entry.assurance !== null) members.set(16, ASSURANCES.indexOf(entry.assurance));
  return encode(members);
}

/** What the next record calls this one. */
export function recordHash(encoded: Bytes): Bytes {
  return sha256(encoded);
}

/** What a device signs: that its record `seq` has this hash, and so all before it theirs. */
export function checkpointPayload(device: string, seq: number, time: number, digest: Bytes): Bytes {
  return encode(new Map<Writable, Writable>([[1, device], [2, seq], [3, time], [12, digest]]));
}
