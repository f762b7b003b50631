/** The trust that a browser keeps, with bundles of the conformance kit. */
import "fake-indexeddb/auto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fromHex } from "../reader/bytes.ts";
import { Database } from "./database.ts";
import { Keeper } from "./keeper.ts";

interface Step {
  readonly name: string;
  readonly send: { readonly op: string; readonly reader: string; readonly root: string; readonly bundle: string; readonly now: number };
}
const kit = new URL("../../../../verify/reader/kit/kit.jsonl", import.meta.url);
const steps = readFileSync(kit, "utf8").trim().split("\n").map((line) => JSON.parse(line) as Step);

test("a bundle whose rules this reader lacks pushes out no good one", async () => {
  const lacking = steps.find(({ name }) => name.endsWith("a quota over longer than visits are kept"))!.send;
  const own = steps.filter(({ send }) => send.reader === lacking.reader).map(({ send }) => send);
  const [given, good] = [own.find(({ op }) => op === "pin")!, own.find(({ op }) => op === "accept")!];
  const keeper = new Keeper(await Database.open("keeper"));
  await keeper.pin(fromHex(given.root), given.now);
  await keeper.offer(fromHex(good.bundle), good.now);
  await expect(keeper.offer(fromHex(lacking.bundle), lacking.now)).rejects.toMatchObject({ reason: "unsupported_policy" });
  expect((await keeper.read(good.now))?.seq).toBe(5);
});
