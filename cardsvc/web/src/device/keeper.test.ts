/** The trust that a browser keeps, with bundles of the conformance kit. */
import "fake-indexeddb/auto";
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { fromHex } from "../reader/bytes.ts";
import { Database } from "./database.ts";
import { Keeper } from "./keeper.ts";

interface Step {
  readonly name: string;
  readonly send: { readonly op: string; readonly reader: string; readonly root: string; readonly bundle: string; readonly now: number };
}
const kit = new URL("../../../../verify/reader/kit/kit.jsonl", import.meta.url);
const steps = readFileSync(kit, "utf8").trim().split("\n").map((line) => JSON.parse(line) as Step);

const lacking = steps.find(({ name }) => name.endsWith("a quota over longer than visits are kept"))!.send;
const own = steps.filter(({ send }) => send.reader === lacking.reader).map(({ send }) => send);
const [given, good] = [own.find(({ op }) => op === "pin")!, own.find(({ op }) => op === "accept")!];
const newer = steps.find(({ name }) => name === `${lacking.reader}: the next`)!.send;

test("a bundle whose rules this reader lacks pushes out no good one", async () => {
  const keeper = new Keeper(await Database.open("keeper"));
  await keeper.pin(fromHex(given.root), given.now);
  await keeper.offer(fromHex(good.bundle), good.now);
  await expect(keeper.offer(fromHex(lacking.bundle), lacking.now)).rejects.toMatchObject({ reason: "unsupported_policy" });
  expect((await keeper.read(good.now))?.seq).toBe(5);
});

/** A window that is about to keep the bundle of seq 5, and what another one does just before. */
async function overtaken(name: string, meanwhile: (other: Database) => Promise<unknown>): Promise<Keeper> {
  const [own, other] = [await Database.open(name), await Database.open(name)];
  const keeper = new Keeper(own);
  await keeper.pin(fromHex(given.root), given.now);
  const change = own.change.bind(own);
  vi.spyOn(own, "change").mockImplementationOnce(async (stores, step) => {
    await meanwhile(other);
    return change(stores, step);
  });
  await expect(keeper.offer(fromHex(good.bundle), good.now)).rejects.toMatchObject({ reason: "state_changed" });
  return keeper;
}

test("a slow window does not put its bundle over a newer one", async () => {
  const keeper = await overtaken("two windows", (other) => new Keeper(other).offer(fromHex(newer.bundle), newer.now));
  expect((await keeper.read(newer.now))?.seq).toBe(6);
});

test("what was forgotten meanwhile does not come back", async () => {
  const keeper = await overtaken("forgotten", (other) => other.erase());
  expect(await keeper.isPinned()).toBe(false);
});
