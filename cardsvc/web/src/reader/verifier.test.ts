/** What the conformance kit does not ask for, on its bundle and its codes: rules with a memory, every role. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fromHex } from "./bytes.ts";
import { SeenInMemory } from "./seen.ts";
import { pin } from "./state.ts";
import { accept } from "./trust.ts";
import { Verifier } from "./verifier.ts";

interface Step {
  readonly name: string;
  readonly send: { readonly root: string; readonly bundle: string; readonly text: string; readonly now: number };
}
const kit = new URL("../../../../verify/reader/kit/kit.jsonl", import.meta.url);
const steps = readFileSync(kit, "utf8").trim().split("\n").map((line) => JSON.parse(line) as Step);
const [given, good, sound] = steps.map(({ send }) => send);
const NOW = sound!.now;
const STANDING = 9;
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

test.each(["gate", "desk", "police", "seller"] as const)("a seller's token opens nothing at a reader for %s", async (role) => {
  const { trust } = await accept(await pin(fromHex(given!.root), given!.now, {}), fromHex(good!.bundle), NOW, []);
  const { text } = steps.find(({ name }) => name.endsWith("a seller's token anywhere else"))!.send;
  for (const service of [null, STANDING, 3]) {
    const verdict = await new Verifier(trust, { role, seen: new SeenInMemory() }).judge({ code: text, service }, NOW);
    const taken = role === "seller" && service !== 3;
    expect(verdict).toMatchObject({ reason: taken ? "ok" : "no_entitlement", opens: taken });
  }
});
