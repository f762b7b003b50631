/** What lies on a phone while it is being sent, and while another window of the page changes it. */
import { IDBFactory } from "fake-indexeddb";
import "fake-indexeddb/auto";
import { beforeEach, expect, it, vi } from "vitest";
import type { Picture } from "./applying.ts";

/** What the service was asked, and how it answers. */
interface Asked {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly answer: (said: unknown, status?: number) => void;
}
let asked: Asked[] = [];

const RECEIVED = { reference: "A-1", state: "received", fingerprint: "1", office: null, day: null, half: null, confirmed: false, bring: [], errors: [], kept_until: "2027-01-01", letter: null }; // prettier-ignore
const FACE: Picture = { jpeg: "first", crop: { x: 0, y: 0, w: 1, h: 1 }, findings: [] };

/** What takes a moment takes longer on a busy machine. */
const PATIENCE = { timeout: 30_000 };

/** A window of the page: modules of its own over the phone's one database. */
async function opened() {
  vi.resetModules();
  const parts = [await import("./applying.ts"), await import("./wallet.ts"), await import("./store.ts"), await import("./service.ts")] as const;
  await parts[0].startApplicants();
  return { ...parts[0], ...parts[1], ...parts[2], ...parts[3] };
}

/** The next thing that the service is asked. */
const question = (path: string): Promise<Asked> => vi.waitUntil(() => {
  const at = asked.findIndex((one) => one.path.endsWith(path));
  return at < 0 ? false : asked.splice(at, 1)[0]!;
}, PATIENCE); // prettier-ignore

let seen: (() => void)[] = [];

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  vi.stubGlobal("document", { visibilityState: "visible", addEventListener: (_: string, listener: () => void) => seen.push(listener) });
  vi.stubGlobal("navigator", {});
  vi.stubGlobal("addEventListener", () => undefined);
  vi.stubGlobal("fetch", (path: string, { body = "{}" }: { body?: string } = {}) =>
    new Promise((resolve) => {
      const answer = (said: unknown, status = 200): void => resolve({ ok: status < 400, status, json: async () => said });
      asked.push({ path, body: JSON.parse(body) as Asked["body"], answer });
    }),
  ); // prettier-ignore
  asked = [];
  seen = [];
});

it("what is changed while it is sent is still to be sent", async () => {
  const page = await opened();
  const { id } = await page.begin();
  await page.typed(id, { surname: "NAMUDHAJ" });
  await page.change(id, () => ({ picture: FACE, pictured: true }));
  const one = () => page.applicants.value[0]!;

  for (const change of [
    () => page.typed(id, { surname: "AL-NAMUDHAJ" }),
    () => page.wishFor({ office: "centre", day: "2026-12-01", half: "am" }),
    () => page.change(id, () => ({ picture: { ...FACE, jpeg: "second" }, changed: true })),
  ]) {
    const sending = page.sendAll();
    const { answer } = await question("/applications");
    await change();
    answer(RECEIVED);
    await sending;
    expect(page.unsent(one())).toBe(true);
  }
  expect(one().picture?.jpeg).toBe("second");
  const again = page.sendAll();
  const { body, answer } = await question("/applications");
  expect(body).toMatchObject({ application: { surname: "AL-NAMUDHAJ" }, wish: { office: "centre" }, portrait: "second" });
  answer(RECEIVED);
  await again;
  expect([page.unsent(one()), one().picture]).toEqual([false, null]);
  expect((await opened()).applicants.value).toEqual(page.applicants.value);
});

it("who comes second is sent as they stand when their turn has come", async () => {
  const page = await opened();
  const [father, child, brother] = [await page.begin(), await page.begin(), await page.begin()];
  const sending = page.sendAll();
  const first = await question("/applications");
  await page.typed(child.id, { given_names: "LAYAN" });
  await page.withdraw(brother);
  first.answer(RECEIVED);
  const second = await question("/applications");
  expect(second.body).toMatchObject({ application: { given_names: "LAYAN" }, head: false, family: first.body["family"] });
  second.answer(RECEIVED);
  await sending;
  expect(page.applicants.value.map(({ id, changed }) => [id, changed])).toEqual([[father.id, false], [child.id, false]]);
});

it("a window that asks what became of an application writes nothing over another's typing, and brings none back", async () => {
  const stale = await opened();
  const { id } = await stale.begin();
  const other = await stale.begin();
  const sending = stale.sendAll();
  (await question("/applications")).answer(RECEIVED);
  (await question("/applications")).answer(RECEIVED);
  await sending;

  const fresh = await opened();
  await fresh.typed(id, { surname: "NAMUDHAJ" });
  await fresh.forget(other);
  const asking = stale.askAll();
  (await question("/state")).answer({ ...RECEIVED, confirmed: true });
  (await question("/state")).answer({ ...RECEIVED, confirmed: true });
  await asking;
  await stale.typed(id, { given_names: "SALIM" });
  const kept = (await opened()).applicants.value;
  expect(kept).toHaveLength(1);
  expect(kept[0]).toMatchObject({ fields: { surname: "NAMUDHAJ", given_names: "SALIM" }, changed: true, told: { confirmed: true } });
  expect(stale.applicants.value.map((one) => one.id)).toEqual([id]);
});

it("a window that is seen again shows what another has changed", async () => {
  const stale = await opened();
  const { id } = await stale.begin();
  const fresh = await opened();
  await fresh.typed(id, { surname: "NAMUDHAJ" });
  seen[0]!();
  await vi.waitFor(() => expect(stale.applicants.value[0]?.fields).toEqual({ surname: "NAMUDHAJ" }), PATIENCE);
});

it("a card that one window has taken off the phone is brought back by no other", async () => {
  const first = await opened();
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const keeper = await first.adopt(keys, { state: "valid", fingerprint: "1" });
  (await question("/renew")).answer({}, 500);
  const [asks, looks] = [await opened(), await opened()];
  void asks.start();
  const asking = await question("/renew");
  void looks.start();
  (await question("/renew")).answer({}, 500);
  await keeper.drop();
  asking.answer({ reason: "phone_unknown" }, 404);
  await vi.waitFor(() => expect(asks.keepers.value).toEqual([]), PATIENCE);
  expect(looks.keepers.value).toHaveLength(1);
  await looks.renewAll();
  expect(looks.keepers.value).toEqual([]);
  expect(asked).toEqual([]); // It asked nobody: this holds without a network, too.
  expect(await first.all("cards")).toEqual([]);
});

const CODE = "7KM3-QXTA";
/** The public half of what the service was sent. */
const keyOf = ({ body }: Asked): unknown => body["key"] ?? (body["phone"] as Asked["body"])["key"];

it("a code whose answer was lost is brought again by the same key, after the page was closed, too", async () => {
  const first = await opened();
  const lost = first.enrol(CODE);
  const asking = await question("/enrol");
  asking.answer({}, 502);
  await expect(lost).rejects.toThrow("502");
  const second = await opened();
  const locked = second.enrol(CODE);
  (await question("/enrol")).answer({ reason: "locked_out" }, 429);
  await expect(locked).rejects.toThrow("locked_out");
  const bringing = second.enrol(CODE);
  const again = await question("/enrol");
  expect(keyOf(again)).toBe(keyOf(asking));
  again.answer({ state: "waiting", fingerprint: "1", time: 1_800_000_000 });
  await bringing;
  expect([second.keepers.value.length, (await second.all("cards")).length]).toEqual([1, 1]);
  (await question("/renew")).answer({}, 502);
  expect(await second.get("choices", `key for ${CODE}`)).toBeUndefined();
});

it("a code that is refused takes its key along", async () => {
  const page = await opened();
  const refused = page.enrol(CODE);
  const asking = await question("/enrol");
  asking.answer({ reason: "phone_refused" }, 403);
  await expect(refused).rejects.toThrow("phone_refused");
  void page.enrol(CODE).catch(() => undefined);
  expect(keyOf(await question("/enrol"))).not.toBe(keyOf(asking));
});

it("a recovery is asked for once, whatever becomes of the answers, and its lost phone stopped afterwards", async () => {
  const PAPER = "2".repeat(23);
  const time = async (): Promise<void> => (await question("/time")).answer({ time: 1_800_000_000 });
  const first = await opened();
  const lost = (await import("./moving.ts")).recover(PAPER, true);
  await time();
  const asking = await question("/recover");
  asking.answer({}, 502);
  await expect(lost).rejects.toThrow("502");

  const page = await opened();
  const { recover } = await import("./moving.ts");
  const unstopped = recover(PAPER, true);
  await time();
  const again = await question("/recover");
  expect(keyOf(again)).toBe(keyOf(asking));
  again.answer({ fingerprint: "1", ready: 1_800_086_400 });
  (await question("/lost")).answer({}, 502);
  await expect(unstopped).rejects.toThrow("502");
  const stopped = recover(PAPER, true);
  (await question("/lost")).answer({ reason: "phone_unknown" }, 404);
  await stopped;
  expect([page.keepers.value.length, (await page.all("cards")).length]).toEqual([1, 1]);
  expect(await page.all("choices")).not.toContainEqual(expect.objectContaining({ privateKey: expect.anything() }));
  expect(first.keepers.value).toEqual([]);
});

it("what found no room stays in its window, is said, and is kept with what comes next", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  const page = await opened();
  const { id } = await page.begin();
  await page.typed(id, { surname: "NAMUDHAJ" });
  const put = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("no room", "QuotaExceededError");
  });
  await expect(page.change(id, () => ({ picture: FACE }))).rejects.toThrow(page.Unkept);
  await expect(page.wishFor({ office: "centre", day: "2026-12-01", half: "am" })).rejects.toThrow(page.Unkept);
  await expect(page.begin()).rejects.toThrow(page.Unkept);
  expect(page.fails()).toBe(true);
  put.mockRestore();
  const reading = vi.spyOn(IDBObjectStore.prototype, "get");
  await page.put("choices", "chosen", "1"); // That something small finds room says nothing of these.
  seen[0]!();
  await vi.waitUntil(() => reading.mock.calls.length > 0);
  await page.all("cards"); // After all that was asked before.
  expect(page.applicants.value.map(({ picture }) => picture)).toEqual([FACE]);
  expect(page.wish.value?.office).toBe("centre");
  await page.typed(id, { given_names: "SALIM" });
  await page.wishFor(page.wish.value);
  expect((await opened()).applicants.value).toEqual(page.applicants.value);
  expect(page.applicants.value[0]).toMatchObject({ picture: FACE, fields: { surname: "NAMUDHAJ", given_names: "SALIM" } });
});

it("a phone whose storage does not open says so", async () => {
  vi.spyOn(console, "error").mockReturnValue();
  vi.stubGlobal("indexedDB", { open: () => { throw new DOMException("not here", "SecurityError"); } }); // prettier-ignore
  const { startApplicants, fails } = { ...(await import("./applying.ts")), ...(await import("./store.ts")) };
  await expect(startApplicants()).rejects.toThrow();
  expect(fails()).toBe(true);
});
