/** The gate over a verifier that says what it is told to: what two scans of one picture show. */
import { beforeEach, expect, test, vi } from "vitest";
import { Unchecked } from "../reader/errors.ts";
import { SEAL } from "../reader/keylist.ts";
import type { Trust } from "../reader/trust.ts";
import type { Verdict } from "../reader/verdict.ts";
import { Gate, light } from "./gate.ts";
import type { Journal } from "./journal.ts";
import type { MonthKeys } from "./months.ts";

const judged = vi.hoisted(() => ({ next: null as unknown }));
vi.mock("../reader/verifier.ts", () => ({
  Verifier: class {
    policy = { asksHistory: ["quota"] };
    judge = async (): Promise<unknown> => judged.next;
  },
}));

const ALLOW: Verdict = {
  verdict: "allow", reason: "ok", words: "Valid.", card: "9012345678903", service: "library", valid_until: null, assurance: "phone",
  data_age_s: 0, offline: true, opens: true, noted: [], repeated: false, not_judged: [], language: null, view: {},
}; // prettier-ignore
const DENY: Verdict = { ...ALLOW, verdict: "deny", reason: "quota_used", opens: false, noted: ["quota_used"] };
const TRUST = {
  venue: "library", dayOffsetS: 0, epoch: 1, seq: 1,
  keys: new Map([["seal", [{ use: SEAL, signFrom: 0, key: { raw: new Uint8Array(32) } }]]]),
} as unknown as Trust; // prettier-ignore

let now = 1_800_000_000;
let append = vi.fn(async () => 1);
let gate: Gate;

function begin(): void {
  gate = new Gate({
    journal: { append, miss: async () => undefined } as unknown as Journal,
    months: { pseudonym: async () => null } as unknown as MonthKeys,
    seen: { whenSeen: async () => null, firstSeen: async () => null },
    role: "gate",
    clock: () => now,
    log: () => undefined,
  });
  gate.use(TRUST);
}

beforeEach(() => {
  let seq = 0;
  append = vi.fn(async () => (seq += 1));
  begin();
});

function tap(code: string, verdict: Verdict, direction: "in" | "out" = "in"): ReturnType<Gate["handle"]> {
  judged.next = verdict;
  return gate.handle({ code, service: 3, direction });
}
const again = (verdict: Verdict): Verdict => ({ ...verdict, opens: false, repeated: true });

test("a phone that was refused stays refused at the second reading, whatever was shown between", async () => {
  const first = await tap("a phone", DENY);
  const between = await tap("another phone", ALLOW);
  now += 2;
  const second = await tap("a phone", again(ALLOW));
  expect(second.again).toBe(first);
  expect(second).toMatchObject({ verdict: { verdict: "deny", reason: "quota_used", opens: false, repeated: true }, seq: null });
  const other = await tap("another phone", again(ALLOW));
  expect(other.again).toBe(between);
  expect(other.verdict).toMatchObject({ verdict: "allow", opens: false });
  expect(append).toHaveBeenCalledTimes(2);
});

test("the light is green where the policy opens on old data, and the record says what was found", async () => {
  const stale: Verdict = { ...ALLOW, verdict: "attention", reason: "data_stale", noted: ["data_stale"] };
  const first = await tap("a phone", stale);
  expect([light(first), light(await tap("a phone", again(stale)))]).toEqual(["allow", "allow"]);
  const [[entry]] = append.mock.calls as unknown as [[unknown]];
  expect(entry).toMatchObject({ answer: "attention", reason: "data_stale", opened: true });
  expect(await gate.admit(first)).toBe(false); // Nobody need be let in by hand.
  expect(light(await tap("another phone", { ...stale, opens: false }))).toBe("attention");
  expect(light(await tap("a third phone", DENY))).toBe("deny");
});

test("a phone that could not be recorded is not let in by a second reading", async () => {
  append.mockRejectedValue(new Unchecked("journal_full", "no room"));
  await tap("a phone", ALLOW);
  const second = await tap("a phone", again(ALLOW));
  expect(second.verdict).toMatchObject({ verdict: "attention", reason: "journal_full", opens: false });
});

test("a second reading whose first is not known is never green, is recorded, and may be let in by hand", async () => {
  await tap("a phone", ALLOW);
  begin();
  const shown = await tap("a phone", again(ALLOW));
  expect(shown).toMatchObject({ verdict: { verdict: "attention", reason: "replayed", opens: false, repeated: false }, seq: 2 });
  expect(await gate.admit(shown)).toBe(true);
});

test("going out does not show the way in, and nobody is locked in", async () => {
  await tap("a phone", ALLOW, "out");
  const second = await tap("a phone", { ...ALLOW, repeated: true }, "out");
  expect(second).toMatchObject({ verdict: { verdict: "allow", opens: true }, seq: null });
  expect((await tap("a phone", again(ALLOW))).verdict).toMatchObject({ verdict: "attention", opens: false });
});
