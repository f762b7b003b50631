import "fake-indexeddb/auto";
import { afterEach, expect, it, vi } from "vitest";
import { askTime, look, now, online, Refusal, startClock, Unreachable } from "./service.ts";

function answer(body: string, status = 200): void {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status })));
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("hears what the service says", async () => {
  answer('{"time": 1}');
  expect(await look("time")).toEqual({ time: 1 });
  answer('{"reason": "stale_proof"}', 409);
  await expect(look("time")).rejects.toBeInstanceOf(Refusal);
  expect(online.value).toBe(true);
});

it.each([
  ["half an answer", '{"time": ', 200],
  ["another's page", "<h1>Sign in to this network</h1>", 200],
  ["an ill service", "{}", 503],
])("takes %s for none", async (_, body, status) => {
  answer(body, status);
  await expect(look("time")).rejects.toBeInstanceOf(Unreachable);
  expect(online.value).toBe(false);
});

/** The phone asks for the time; the answer says it at once, and is read so many seconds later. */
async function told(ahead: number, late: number): Promise<void> {
  vi.stubGlobal("fetch", async () => {
    const time = local() + ahead;
    vi.setSystemTime((local() + late) * 1000);
    return new Response(JSON.stringify({ time }));
  });
  await askTime();
}
const local = (): number => Date.now() / 1000;

it("an answer that is read late says nothing new of the time, and a clock that is wrong is set all the same", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
  await told(3600, 0);
  expect(now()).toBe(local() + 3600);
  for (const late of [240, 86_400]) {
    await told(3600, late); // The phone slept meanwhile.
    expect(now()).toBe(local() + 3600);
  }
  await startClock();
  expect(now()).toBe(local() + 3600);
  await told(-3600, 10); // Somebody has set its clock; the line is slow.
  expect(Math.abs(now() - (local() - 3600))).toBeLessThanOrEqual(11);
  await told(-3600, 0);
  expect(Math.abs(now() - (local() - 3600))).toBeLessThanOrEqual(1);
});
