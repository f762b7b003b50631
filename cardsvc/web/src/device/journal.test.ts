/** The log on disk: one chain whoever writes it, nothing lost, nothing sent that is not vouched for. */
import "fake-indexeddb/auto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { x25519 } from "@noble/curves/ed25519.js";
import { equal, fromBase64 } from "../reader/bytes.ts";
import type { Bytes } from "../reader/bytes.ts";
import { decode } from "../reader/cbor.ts";
import { Fields } from "../reader/claims.ts";
import { decodeSign1, sign1Tbs, verifySignature } from "../reader/cose.ts";
import { unseal } from "./box.ts";
import { Database } from "./database.ts";
import { Journal } from "./journal.ts";
import { DeviceKeys, makeKeys } from "./keys.ts";
import type { Entry } from "./records.ts";
import { NO_RECORD, recordHash } from "./records.ts";

const ENTRY: Entry = {
  time: 1_800_000_000, direction: "in", venue: "library", service: 3, who: null, month: null,
  answer: "allow", reason: "ok", bundle: [1, 7], opened: true, noted: [], assurance: "print",
}; // prettier-ignore
const CARD = "4417092633585";
const service = x25519.keygen();
const SEAL_TO = Uint8Array.from(service.publicKey);

let count = 0;
let database: Database;
let keys: DeviceKeys;
let journal: Journal;

beforeEach(async () => {
  database = await Database.open(`log ${count++}`);
  keys = new DeviceKeys(await makeKeys());
  journal = new Journal(database, "door-7", keys, { signEvery: 3 });
});
afterEach(() => database.close());

async function opened(sealed: string): Promise<Bytes> {
  const agree = async (other: Bytes): Promise<Bytes> => Uint8Array.from(x25519.getSharedSecret(service.secretKey, other));
  return unseal(fromBase64(sealed), { publicKey: SEAL_TO, agree });
}

const append = (entry: Partial<Entry> = {}, number: string | null = null): Promise<number> =>
  journal.append({ ...ENTRY, ...entry }, SEAL_TO, number);

test("records are a chain, sealed to the service, and a signature covers the last one", async () => {
  for (let seq = 1; seq <= 4; seq++) expect(await append({ time: ENTRY.time + seq })).toBe(seq);
  const batch = await journal.batch(ENTRY.time + 9);
  expect(batch?.records.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  let before: Bytes = NO_RECORD;
  for (const { seq, sealed } of batch!.records) {
    const encoded = await opened(sealed);
    const fields = new Fields(decode(encoded), "record");
    expect(fields.text(1)).toBe("door-7");
    expect(fields.uint(2)).toBe(seq);
    expect(equal(fields.octets(12), before)).toBe(true);
    before = recordHash(encoded);
  }
  const signed = decodeSign1(fromBase64(batch!.checkpoints.at(-1)!));
  expect(await verifySignature(keys.publicKey, sign1Tbs(signed.protectedBytes, signed.payload), signed.signature)).toBe(true);
  const vouched = new Fields(decode(signed.payload), "checkpoint");
  expect([vouched.uint(2), equal(vouched.octets(12), before)]).toEqual([4, true]);
});

test("two windows of one page write one chain", async () => {
  const other = new Journal(database, "door-7", keys);
  const seqs = await Promise.all([append(), other.append(ENTRY, SEAL_TO), append(), other.append(ENTRY, SEAL_TO)]);
  expect(seqs.sort()).toEqual([1, 2, 3, 4]);
  const records = (await journal.batch(ENTRY.time))!.records;
  const encoded = await Promise.all(records.map(({ sealed }) => opened(sealed)));
  for (const [at, record] of encoded.entries()) {
    const before = at === 0 ? NO_RECORD : recordHash(encoded[at - 1]!);
    expect(equal(new Fields(decode(record), "record").octets(12), before)).toBe(true);
  }
});

test("nothing is deleted that the service did not name; what it refused is kept and offered again", async () => {
  for (let seq = 1; seq <= 4; seq++) await append();
  await journal.acknowledge([{ seq: 1, answer: "taken" }, { seq: 2, answer: "malformed" }, { seq: 4, answer: "quarantined" }]);
  expect((await journal.batch(ENTRY.time))!.records.map(({ seq }) => seq)).toEqual([3]);
  expect(await journal.standing()).toMatchObject({ seq: 4, waiting: 2, refused: 1 });
  await journal.retryRefused();
  expect((await journal.batch(ENTRY.time))!.records.map(({ seq }) => seq)).toEqual([2, 3]);
  await journal.acknowledge([{ seq: 2, answer: "known" }, { seq: 3, answer: "late" }]);
  expect(await journal.batch(ENTRY.time)).toBeNull();
  expect(await append()).toBe(5);
});

test("at most 500 go at once, oldest first", async () => {
  for (let seq = 1; seq <= 503; seq++) await append();
  const batch = (await journal.batch(ENTRY.time))!;
  expect([batch.records.length, batch.records[0]!.seq, batch.records.at(-1)!.seq]).toEqual([500, 1, 500]);
  await journal.acknowledge(batch.records.map(({ seq }) => ({ seq, answer: "taken" })));
  expect((await journal.batch(ENTRY.time))!.records.map(({ seq }) => seq)).toEqual([501, 502, 503]);
});

test("a log goes on where it ended after a restart", async () => {
  await append();
  database.close();
  database = await Database.open(`log ${count - 1}`);
  journal = new Journal(database, "door-7", keys);
  expect(await append()).toBe(2);
  expect((await journal.standing()).waiting).toBe(2);
});

test("a full log refuses, counts, and says so in the next record", async () => {
  journal = new Journal(database, "door-7", keys, { records: 1 });
  await append();
  await expect(append()).rejects.toMatchObject({ reason: "journal_full" });
  await expect(append()).rejects.toMatchObject({ reason: "journal_full" });
  expect(await journal.standing()).toMatchObject({ seq: 1, missed: 2, share: 1 });
  await journal.acknowledge([{ seq: 1, answer: "taken" }]);
  expect(await append()).toBe(2);
  const record = new Fields(decode(await opened((await journal.batch(ENTRY.time))!.records[0]!.sealed)), "record");
  expect(record.uint(15)).toBe(2);
  expect((await journal.standing()).missed).toBe(0);
});

test("a database that fails gives the log's own reason, and the verdict is counted here", async () => {
  database.close();
  await expect(append()).rejects.toMatchObject({ reason: "journal_unusable" });
  database = await Database.open(`log ${count - 1}`);
});

test("visits count for quota and passback, by service and way, under a name of the device's own", async () => {
  await append({ time: 1000 }, CARD);
  await append({ time: 2000, opened: false }, CARD); // Refused: it did not go in.
  await append({ time: 3000, service: 1 }, CARD);
  expect(await journal.admissions(CARD, 3, 0, Infinity)).toBe(1);
  expect(await journal.admissions(CARD, 3, 1001, Infinity)).toBe(0);
  expect(await journal.admissions(CARD, 3, 0, 999)).toBe(0); // Written by a clock that ran ahead.
  expect(await journal.lastEntry(CARD)).toBe(3000);
  await append({ time: 4000, direction: "out" }, CARD);
  expect(await journal.lastEntry(CARD)).toBeNull();
  expect(await journal.lastEntry("4417092633586")).toBeNull();
  const kept = await database.read(["visits"], (store) => new Promise((resolve) => {
    const request = store("visits").getAll();
    request.onsuccess = () => resolve(JSON.stringify(request.result));
  })); // prettier-ignore
  expect(kept).not.toContain(CARD);
});

test("visits are forgotten after 35 days, and a clock that ran ahead forgets none", async () => {
  const day = 86_400;
  await append({ time: day }, CARD);
  await append({ time: 400 * day }, "4417092633586"); // A clock far ahead.
  expect(await journal.admissions(CARD, 3, 0, Infinity)).toBe(1);
  await append({ time: 2 * day }, "4417092633586");
  expect(await journal.admissions(CARD, 3, 0, Infinity)).toBe(1);
  await append({ time: 401 * day }, "4417092633586");
  expect(await journal.admissions(CARD, 3, 0, Infinity)).toBe(0);
});

test("a signature that fails undoes no record and counts none as missed", async () => {
  vi.spyOn(console, "error").mockReturnValueOnce();
  vi.spyOn(keys, "sign1").mockRejectedValueOnce(new DOMException("no key now", "OperationError"));
  for (let seq = 1; seq <= 3; seq++) expect(await append()).toBe(seq);
  expect(await journal.standing()).toMatchObject({ seq: 3, waiting: 3, missed: 0 });
  expect((await journal.batch(ENTRY.time))?.checkpoints).toHaveLength(1);
});
