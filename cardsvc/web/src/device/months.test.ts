import "fake-indexeddb/auto";
import { expect, test } from "vitest";
import { x25519 } from "@noble/curves/ed25519.js";
import { base64, hex } from "../reader/bytes.ts";
import { seal } from "./box.ts";
import { Database, done } from "./database.ts";
import { DeviceKeys, makeKeys, wrappedSealKey } from "./keys.ts";
import { MonthKeys, monthAfter, monthOf } from "./months.ts";

const KEY = new Uint8Array(32).fill(7);
/** HMAC-SHA-256 of the number under that key, its first 16 bytes, by Python. */
const CARD = "4417092633585";
const CALLED = "9f39161ee632384eec891ed390952410";

test("the issuer's months turn at its own midnight, and December is followed by January", () => {
  expect(monthOf(Date.UTC(2026, 10, 30, 15, 59, 59) / 1000, 28_800)).toBe(202611);
  expect(monthOf(Date.UTC(2026, 10, 30, 16, 0, 0) / 1000, 28_800)).toBe(202612);
  expect([monthAfter(202611), monthAfter(202612)]).toEqual([202612, 202701]);
});

test.each(["platform", "older browser"])("keys come sealed, stay sealed, and outlive a restart (%s)", async (kind) => {
  const database = await Database.open(`months ${kind}`);
  const made = await makeKeys();
  const keys = new DeviceKeys(kind === "platform" ? made : { ...made, ...(await wrappedSealKey()) });
  const months = new MonthKeys(database, keys);
  await months.open();
  expect([months.has(202611), await months.pseudonym(CARD, 202611)]).toEqual([false, null]);
  await months.keep([{ month: 202611, sealed: base64(seal(KEY, keys.sealPublic)) }]);
  const again = new MonthKeys(database, keys);
  await again.open();
  expect(hex((await again.pseudonym(CARD, 202611))!)).toBe(CALLED);
  const kept = await database.read(["kept"], (store) => done(store("kept").getAll()));
  expect(JSON.stringify(kept)).not.toContain(base64(KEY));
  await months.keep([]);
  expect(months.has(202611)).toBe(false);
  database.close();
});

test("one key that is not for this device refuses them all, and the old ones stand", async () => {
  const database = await Database.open("months refused");
  const keys = new DeviceKeys(await makeKeys());
  const months = new MonthKeys(database, keys);
  await months.keep([{ month: 202611, sealed: base64(seal(KEY, keys.sealPublic)) }]);
  const foreign = base64(seal(KEY, Uint8Array.from(x25519.keygen().publicKey)));
  await expect(months.keep([{ month: 202612, sealed: foreign }])).rejects.toMatchObject({ reason: "not_for_this_device" });
  expect([months.has(202611), months.has(202612)]).toEqual([true, false]);
  database.close();
});
