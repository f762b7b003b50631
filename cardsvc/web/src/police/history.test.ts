/** The checks of a shift: encrypted where they lie, read again after a reload, gone with their key. */
import "fake-indexeddb/auto";
import { expect, test } from "vitest";
import { Database, done } from "../device/database.ts";
import { Checks } from "./history.ts";
import type { Check } from "./history.ts";

const CHECK: Check = { at: 1_800_000_000, answer: "allow", reason: "ok", last: "4711" };

async function stored(database: Database): Promise<string> {
  const all = (await database.read(["records"], (store) => done(store("records").getAll()))) as { data: Uint8Array }[];
  return all.map(({ data }) => new TextDecoder("latin1").decode(data)).join("\n");
}

test("checks are read again, the newest first, and lie encrypted", async () => {
  const database = await Database.open("checks 1");
  const checks = await Checks.begin(database);
  await checks.add(CHECK);
  await checks.add({ ...CHECK, at: CHECK.at + 1, reason: "replayed", answer: "deny" });
  expect((await (await Checks.resume(database))?.all())?.map(({ reason }) => reason)).toEqual(["replayed", "ok"]);
  const kept = await stored(database);
  expect(kept.length).toBeGreaterThan(60);
  for (const plain of ["4711", "replayed", "allow"]) expect(kept).not.toContain(plain);
});

test("the key cannot be exported, and without it nothing opens", async () => {
  const database = await Database.open("checks 2");
  const checks = await Checks.begin(database);
  await checks.add(CHECK);
  const key = await database.kept<CryptoKey>("key");
  await expect(crypto.subtle.exportKey("raw", key as CryptoKey)).rejects.toThrow();
  await database.keep("key", await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["decrypt"]));
  await expect((await Checks.resume(database))?.all()).rejects.toThrow();
  await database.erase();
  expect(await Checks.resume(database)).toBeNull();
  expect(await stored(database)).toBe("");
});

test("a shift keeps its last thousand", async () => {
  const database = await Database.open("checks 3");
  const checks = await Checks.begin(database);
  for (let count = 0; count < 1003; count++) await checks.add({ ...CHECK, at: count });
  const all = await checks.all();
  expect([all.length, all[0]?.at, all.at(-1)?.at]).toEqual([1000, 1002, 3]);
});
