/** One officer hands the phone to the next, on a line that is slow. */
import "fake-indexeddb/auto";
import { beforeAll, expect, test, vi } from "vitest";
import { Database } from "../device/database.ts";
import { Unreachable } from "../shared/api/http.ts";
import { ask, begin, end, resume, shift } from "./shift.ts";

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
  return { asked: [] as string[], signedOut: (): void => undefined, lost: (_: Error): void => undefined };
});

vi.mock("../shared/api/staff.ts", () => ({
  signInByPasskey: async () => void service.asked.push("in"),
  signOut: () => {
    service.asked.push("out");
    return new Promise<void>((resolve, reject) => Object.assign(service, { signedOut: resolve, lost: reject }));
  },
  currentSession: async () => ({ staff: { id: "b" } }),
  stepUp: async () => undefined,
}));
vi.mock("../shared/api/police.ts", () => ({
  beginShift: async () => ({ staff: "b", name: "B", office: "Patrol", ends: "2100-01-01T00:00:00Z", now: "2026-12-01T00:00:00Z" }),
  requests: async () => ({ own: [], waiting: [] }),
}));
vi.mock("./phone.ts", () => ({ letIn: async () => undefined, errands: async () => undefined }));

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
