/** One officer hands the phone to the next, on a line that is slow. */
import "fake-indexeddb/auto";
import { beforeAll, expect, test, vi } from "vitest";
import { Database } from "../device/database.ts";
import { Unreachable } from "../shared/api/http.ts";
import { ask, begin, current, end, history, judge, resume, shift } from "./shift.ts";

const service = vi.hoisted(() => {
  /** The browser's locks, as far as the page uses them. */
  let held: Promise<unknown> = Promise.resolve();
  const request = (_: string, step: () => Promise<void>): Promise<void> => {
    const mine = held.then(step);
    held = mine.catch(() => undefined);
    return mine;
  };
  vi.stubGlobal("document", { hidden: false });
  vi.stubGlobal("navigator", { onLine: true, locks: { request } });
  const nothing = { begun: async (): Promise<void> => undefined, signedOut: (): void => undefined, lost: (_: Error): void => undefined };
  return { asked: [] as string[], judged: [] as string[], officer: "b", ...nothing };
});

vi.mock("../shared/api/staff.ts", () => ({
  signInByPasskey: async () => void service.asked.push("in"),
  signOut: () => {
    service.asked.push("out");
    return new Promise<void>((resolve, reject) => Object.assign(service, { signedOut: resolve, lost: reject }));
  },
  currentSession: async () => ({ staff: { id: service.officer } }),
  stepUp: async () => undefined,
}));
vi.mock("../shared/api/police.ts", () => ({
  beginShift: async () => {
    await service.begun();
    return { staff: "b", name: "B", office: "Patrol", ends: "2100-01-01T00:00:00Z", now: "2026-12-01T00:00:00Z" };
  },
  requests: async () => ({ own: [], waiting: [] }),
}));
vi.mock("./phone.ts", () => ({
  letIn: async () => undefined,
  errands: async () => undefined,
  device: () => ({
    present: async ({ code }: { code: string }) => {
      service.judged.push(code);
      return { verdict: { verdict: "allow", reason: "ok", card: "4417092633585" } };
    },
  }),
}));

let database: Database;

beforeAll(async () => {
  await resume();
  database = await Database.open("cardsvc-shift");
});

/** The service has been asked this, and nothing more. */
async function asked(...all: string[]): Promise<void> {
  await vi.waitFor(() => expect(service.asked).toEqual(all));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(service.asked).toEqual(all);
}

test("a shift begins after the sign-out before it was answered, and stays", async () => {
  await begin();
  service.asked = [];
  const ended = end();
  await asked("out");
  const begun = begin();
  void ask();
  await asked("out");
  service.signedOut();
  await Promise.all([ended, begun]);
  await asked("out", "in");
  expect(shift.value).toMatchObject({ staff: "b" });
  expect(await database.kept("shift")).toMatchObject({ staff: "b" });
});

test("a sign-out that the service has not heard of goes before the next sign-in", async () => {
  service.asked = [];
  const lost = end();
  await asked("out");
  service.lost(new Unreachable());
  await lost;
  const begun = begin();
  await asked("out", "out");
  service.signedOut();
  await begun;
  await asked("out", "out", "in");
});

test("a shift whose beginning is read after a sleep ends no later", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const began = Math.floor(Date.now() / 1000);
  service.begun = async () => void vi.setSystemTime(Date.now() + 3_600_000);
  await begin();
  service.begun = async () => undefined;
  vi.useRealTimers();
  const { ends, offset } = current();
  expect(ends - offset).toBe(began + (Date.parse("2100-01-01T00:00:00Z") - Date.parse("2026-12-01T00:00:00Z")) / 1000);
});

/** Another window of this browser: memory of its own, the same database, locks and session. */
async function otherWindow(): Promise<typeof import("./shift.ts")> {
  vi.resetModules();
  const other = await import("./shift.ts");
  await other.resume();
  return other;
}

test.each([
  ["its end", (late: typeof import("./shift.ts")) => late.end()],
  ["a card", (late: typeof import("./shift.ts")) => late.judge("a code")],
  ["a look at its checks", (late: typeof import("./shift.ts")) => late.history()],
  ["a session of another officer's", (late: typeof import("./shift.ts")) => ((service.officer = "c"), late.ask())],
])("a window that missed the turn of shifts forgets its own at %s, and leaves the next one whole", async (_, happens) => {
  if (shift.value === null) await begin();
  await judge("an old code");
  const late = await otherWindow();
  const old = late.current();
  service.asked = [];
  const ended = end();
  await asked("out");
  service.signedOut();
  await ended;
  await begin();
  await judge("a new code");
  Object.assign(service, { asked: [], judged: [] });
  expect(current().id).not.toBe(old.id);

  const over = happens(late);
  await vi.waitFor(() => expect(late.shift.value).toBeNull());
  await asked(); // Nothing ends the session, which is the next shift's.
  await over;
  service.officer = "b";
  expect(service.judged).toEqual([]);
  expect(await database.kept("shift")).toEqual(current());
  expect(await history()).toMatchObject([{ answer: "allow", last: "3585" }]);
});

test("a window of the same shift ends it for both", async () => {
  const other = await otherWindow();
  service.asked = [];
  const ended = other.end();
  await asked("out");
  service.signedOut();
  await ended;
  expect(await database.kept("shift")).toBeNull();
  await judge("a code");
  expect(shift.value).toBeNull();
});

test("no storage that fails keeps a shift open", async () => {
  await begin();
  const { ends, offset } = current();
  const failing = [vi.spyOn(Database.prototype, "kept"), vi.spyOn(Database.prototype, "change")] as const;
  for (const one of failing) one.mockRejectedValue(new DOMException("closed", "InvalidStateError"));
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime((ends - offset) * 1000);
  await vi.waitFor(() => expect(shift.value).toBeNull(), 5000);
  vi.useRealTimers();
  for (const one of failing) one.mockRestore();
});
