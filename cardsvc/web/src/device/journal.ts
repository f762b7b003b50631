/**
 * The gate log in the browser: chained, sealed, signed, and nothing deleted before the service has it.
 *
 * What `append` has resolved for survives a reload, a killed process and a power cut. The head of the chain lies in
 * the database and is read in the transaction that moves it, so two windows of one page write one chain.
 */
import type { Bytes } from "../reader/bytes.ts";
import { base64, hex } from "../reader/bytes.ts";
import { Unchecked } from "../reader/errors.ts";
import { LONGEST_LOOK_BACK_S } from "../reader/rules.ts";
import type { History } from "../reader/rules.ts";
import { seal } from "./box.ts";
import type { Database, Stores } from "./database.ts";
import { done } from "./database.ts";
import type { DeviceKeys } from "./keys.ts";
import { CHECKPOINT_TYP, NO_RECORD, checkpointPayload, encodeRecord, recordHash } from "./records.ts";
import type { Entry, Way } from "./records.ts";

/** A busy door's for a month without any network: about 130 MB. */
export const MAX_RECORDS = 400_000;
/** From this share of the room on, the reader says that its log fills up. */
export const ALARM_SHARE = 0.8;
/** Records in one upload; at least as many as between two checkpoints. */
export const BATCH = 500;
const SIGN_EVERY = 100;
/** The service has these: it took it, knew it, took it late, or keeps it apart for a person to look at. */
const SAFE = new Set(["taken", "known", "late", "quarantined"]);

interface Head {
  readonly seq: number;
  readonly hash: Bytes;
  readonly missed: number;
}
interface Waiting {
  readonly seq: number;
  readonly sealed: Bytes;
}
interface Visit {
  readonly who: string;
  readonly service: number | null;
  readonly at: number;
  readonly way: Way;
}
const NOTHING: Head = { seq: 0, hash: NO_RECORD, missed: 0 };

/** How the log stands: what waits, what the service would not take, what found no room, how full it is. */
export interface Standing {
  readonly seq: number;
  readonly waiting: number;
  readonly refused: number;
  readonly missed: number;
  readonly share: number;
}

/** An upload as the service takes it (docs/readers.md, "Upload"). */
export interface Batch {
  readonly records: readonly { readonly seq: number; readonly sealed: string }[];
  readonly checkpoints: readonly string[];
}

/** What became of a record. */
export interface Acknowledged {
  readonly seq: number;
  readonly answer: string;
}

/** The log of one device, and its memory of visits. */
export class Journal implements History {
  /** Verdicts without a record that the database had no room to count. */
  #missed = 0;

  constructor(
    private readonly database: Database,
    private readonly reader: string,
    private readonly keys: DeviceKeys,
    private readonly limits: { readonly records?: number; readonly signEvery?: number } = {},
  ) {}

  /**
   * Add a record, durably, and give its seq; `number` is the card's where its visit is to be remembered. Throws
   * `journal_full` or `journal_unusable`; then nothing was added, and it is counted as missed.
   */
  async append(entry: Entry, sealTo: Bytes, number: string | null = null): Promise<number> {
    try {
      const who = number === null || !entry.opened ? null : hex(await this.keys.whom(number));
      const added = await this.database.change(["kept", "records", "refused", "visits"], async (store) => {
        const head = await this.#head(store);
        const room = this.limits.records ?? MAX_RECORDS;
        if ((await done(store("records").count())) + (await done(store("refused").count())) >= room) {
          throw new Unchecked("journal_full", "the log has no room left: bring this reader back on line");
        }
        const seq = head.seq + 1;
        const place = { device: this.reader, seq, before: head.hash, missed: head.missed + this.#missed };
        const encoded = encodeRecord(place, entry);
        store("records").add({ seq, sealed: seal(encoded, sealTo) } satisfies Waiting);
        if (who !== null) await remember(store, { who, service: entry.service, at: entry.time, way: entry.direction });
        await done(store("kept").put({ seq, hash: recordHash(encoded), missed: 0 } satisfies Head, "head"));
        return seq;
      });
      this.#missed = 0;
      await this.#perhapsSign(added, entry.time);
      return added;
    } catch (error) {
      const told = failed(error);
      await this.miss();
      throw told;
    }
  }

  /** A checkpoint that fails undoes no record: the upload signs for all of them again. */
  async #perhapsSign(seq: number, now: number): Promise<void> {
    if (seq % (this.limits.signEvery ?? SIGN_EVERY) !== 0) return;
    try {
      await this.#checkpoint(now);
    } catch (error) {
      console.error(error);
    }
  }

  /** Count a verdict that could not be recorded; the next record says how many there were. */
  async miss(): Promise<void> {
    this.#missed += 1;
    const counted = this.#missed;
    try {
      await this.database.change(["kept"], async (store) => {
        const head = await this.#head(store);
        await done(store("kept").put({ ...head, missed: head.missed + counted } satisfies Head, "head"));
      });
      this.#missed -= counted;
    } catch {
      // A broken database keeps nothing: it stays counted here for as long as the page lives.
    }
  }

  // Reading: what the venue's rules ask (reader/rules.ts, History).

  async admissions(number: string, service: number | null, since: number, until: number): Promise<number> {
    const who = hex(await this.keys.whom(number));
    const visits = await this.#asked((store) => visitsOf(store, who, since, until));
    return visits.filter((visit) => visit.way === "in" && visit.service === service).length;
  }

  async lastEntry(number: string): Promise<number | null> {
    const who = hex(await this.keys.whom(number));
    const last = await this.#asked(async (store) => {
      const range = IDBKeyRange.bound([who, -Infinity], [who, Infinity]);
      const keys = await done(store("visits").index("who").getAllKeys(range));
      const newest = keys.reduce<number>((latest, key) => Math.max(latest, key as number), 0);
      return newest === 0 ? null : ((await done(store("visits").get(newest))) as Visit);
    });
    return last?.way === "in" ? last.at : null;
  }

  // Uploading.

  /** The oldest records that wait, as they are sent, or null; a checkpoint vouches for all of them. */
  async batch(now: number): Promise<Batch | null> {
    const waiting = (await this.#read(["records"], (store) => done(store("records").getAll(null, BATCH)))) as Waiting[];
    const [first, last] = [waiting[0]?.seq, waiting.at(-1)?.seq];
    if (first === undefined || last === undefined) return null;
    const range = IDBKeyRange.lowerBound(first);
    const listed = (): Promise<unknown[]> => this.#read(["checkpoints"], (store) => done(store("checkpoints").getAll(range)));
    let checkpoints = (await listed()) as { seq: number; signed: Bytes }[];
    if ((checkpoints.at(-1)?.seq ?? 0) < last) {
      await this.#checkpoint(now);
      checkpoints = (await listed()) as { seq: number; signed: Bytes }[];
    }
    const covering = checkpoints.findIndex(({ seq }) => seq >= last);
    return {
      records: waiting.map(({ seq, sealed }) => ({ seq, sealed: base64(sealed) })),
      checkpoints: checkpoints.slice(0, covering + 1).map(({ signed }) => base64(signed)),
    };
  }

  /** Delete what the service has; what it would not take stays, with its answer, until it does. */
  async acknowledge(answers: readonly Acknowledged[]): Promise<void> {
    await this.#changed(["records", "refused", "checkpoints", "kept"], async (store) => {
      for (const { seq, answer } of answers) {
        const record: unknown = await done(store("records").get(seq));
        if (record === undefined) continue;
        if (!SAFE.has(answer)) store("refused").put({ ...(record as Waiting), answer });
        await done(store("records").delete(seq));
      }
      const oldest = await Promise.all(["records", "refused"].map((name) => firstKey(store(name as "records"))));
      const before = Math.min((await this.#head(store)).seq + 1, ...oldest);
      await done(store("checkpoints").delete(IDBKeyRange.upperBound(before, true)));
    });
  }

  /** Offer again what the service would not take: it may have learnt since. */
  async retryRefused(): Promise<void> {
    await this.#changed(["records", "refused"], async (store) => {
      for (const { seq, sealed } of (await done(store("refused").getAll())) as Waiting[]) {
        store("records").put({ seq, sealed } satisfies Waiting);
      }
      await done(store("refused").clear());
    });
  }

  async standing(): Promise<Standing> {
    return this.#read(["kept", "records", "refused"], async (store) => {
      const head = await this.#head(store);
      const [waiting, refused] = [await done(store("records").count()), await done(store("refused").count())];
      const share = (waiting + refused) / (this.limits.records ?? MAX_RECORDS);
      return { seq: head.seq, waiting: waiting + refused, refused, missed: head.missed + this.#missed, share };
    });
  }

  /** Sign for all that is there: the signature waits for the platform, so it stands in a transaction of its own. */
  async #checkpoint(now: number): Promise<void> {
    const { seq, hash } = await this.#read(["kept"], (store) => this.#head(store));
    if (seq === 0) return;
    const signed = await this.keys.sign1(checkpointPayload(this.reader, seq, now, hash), CHECKPOINT_TYP);
    await this.#changed(["checkpoints"], (store) => done(store("checkpoints").put({ seq, signed })));
  }

  async #head(store: Stores): Promise<Head> {
    return ((await done(store("kept").get("head"))) as Head | undefined) ?? NOTHING;
  }

  #asked<Result>(step: (store: Stores) => Promise<Result>): Promise<Result> {
    return this.#read(["visits"], step);
  }

  async #read<Result>(stores: Parameters<Database["read"]>[0], step: (store: Stores) => Promise<Result>): Promise<Result> {
    try {
      return await this.database.read(stores, step);
    } catch (error) {
      throw failed(error);
    }
  }

  async #changed<Result>(stores: Parameters<Database["read"]>[0], step: (store: Stores) => Promise<Result>): Promise<Result> {
    try {
      return await this.database.change(stores, step);
    } catch (error) {
      throw failed(error);
    }
  }
}

/** Note a visit. By the earlier of this clock and the newest visit: a clock that ran ahead forgets nothing. */
async function remember(store: Stores, visit: Visit): Promise<void> {
  const newest = await done(store("visits").index("at").openKeyCursor(null, "prev"));
  const limit = Math.min(visit.at, typeof newest?.key === "number" ? newest.key : visit.at) - LONGEST_LOOK_BACK_S;
  const old = await done(store("visits").index("at").getAllKeys(IDBKeyRange.upperBound(limit, true)));
  for (const key of old) store("visits").delete(key);
  await done(store("visits").add(visit));
}

async function visitsOf(store: Stores, who: string, since: number, until: number): Promise<Visit[]> {
  const range = IDBKeyRange.bound([who, since], [who, until]);
  return (await done(store("visits").index("who").getAll(range))) as Visit[];
}

async function firstKey(store: IDBObjectStore): Promise<number> {
  const cursor = await done(store.openKeyCursor());
  return typeof cursor?.key === "number" ? cursor.key : Infinity;
}

/** The log's own reasons; a mistake of ours stays what it is. */
function failed(error: unknown): unknown {
  if (!(error instanceof DOMException)) return error;
  if (error.name === "QuotaExceededError") {
    return new Unchecked("journal_full", "this device has no room left for the log");
  }
  return new Unchecked("journal_unusable", `the log fails: ${error.message}`);
}
