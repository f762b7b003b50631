/** The venue's rules that need a memory, on the conformance kit's bundle and card. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fromHex } from "./bytes.ts";
import { SeenInMemory } from "./seen.ts";
import { pin } from "./state.ts";
import { accept } from "./trust.ts";
import { Verifier } from "./verifier.ts";

interface Step {
  readonly send: { readonly root: string; readonly bundle: string; readonly text: string; readonly now: number };
}
const kit = new URL("../../../../verify/reader/kit/kit.jsonl", import.meta.url);
const [given, good, sound] = readFileSync(kit, "utf8").split("\n", 3).map((line) => (JSON.parse(line) as Step).send);
const NOW = sound!.now;
const PASSBACK = 8;

test.each([
  [NOW - 60, "ok"],
  [NOW - 59, "passback"],
  [NOW + 120, "passback"],
  [NOW + 121, "ok"], // A clock that ran ahead locks nobody out.
])("who went in at %i is told %s", async (entered, reason) => {
  const { trust } = await accept(await pin(fromHex(given!.root), given!.now, {}), fromHex(good!.bundle), NOW, []);
  const policy = new Map([...(trust.policy as Map<number, number>), [PASSBACK, 60] as const]);
  const history = { admissions: async () => 0, lastEntry: async () => entered };
  const verifier = new Verifier({ ...trust, policy }, { seen: new SeenInMemory(), history });
  expect((await verifier.judge({ code: sound!.text, service: 3 }, NOW)).reason).toBe(reason);
});
