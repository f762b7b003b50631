/** A device against a service that answers as docs/readers.md says, and one that does not answer. */
import "fake-indexeddb/auto";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fromHex } from "../reader/bytes.ts";
import { encode } from "../reader/encode.ts";
import { Refused } from "../reader/errors.ts";
import { Database } from "./database.ts";
import { Device } from "./device.ts";
import { Journal } from "./journal.ts";
import { Keeper } from "./keeper.ts";
import { base64url } from "./keys.ts";

const URL_ = "https://card.example";
const DAY_MS = 86_400_000;
const kit = new URL("../../../../verify/reader/kit/kit.jsonl", import.meta.url);
const { root } = (JSON.parse(readFileSync(kit, "utf8").split("\n", 1)[0]!) as { send: { root: string } }).send;

/** The service: what it was asked, and what it says. */
class Fake {
  asked: { path: string; method: string; headers: Record<string, string>; body: string }[] = [];
  down = false;
  tokens = 0;
  answers: (path: string, body: string) => Response | null = () => null;

  fetch = async (address: string, init: RequestInit = {}): Promise<Response> => {
    const path = new URL(address).pathname;
    const body = String(init.body ?? "");
    this.asked.push({ path, method: init.method ?? "GET", headers: (init.headers ?? {}) as Record<string, string>, body });
    if (this.down) throw new TypeError("Failed to fetch");
    const own = this.answers(path, body);
    if (own !== null) return own;
    if (path.endsWith("/enrol")) return Response.json({ reader: "door-7", venue: "library", profile: "gate" }, { status: 201 });
    if (path === "/oauth/token") return Response.json({ access_token: `token-${++this.tokens}`, token_type: "Bearer", expires_in: 600 });
    return Response.json({ detail: "no such thing" }, { status: 404 });
  };
}

/** A part of a JWT. */
function part(token: string, at: number): Record<string, unknown> {
  return JSON.parse(atob(token.split(".")[at]!.replaceAll("-", "+").replaceAll("_", "/"))) as Record<string, unknown>;
}

let service: Fake;
let device: Device;
let count = 0;
const open = (): Promise<Device> => Device.open({ database: `device ${count}`, role: "gate", url: URL_, clock: () => 1_800_000_000 });

beforeEach(async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  count += 1;
  service = new Fake();
  vi.stubGlobal("fetch", service.fetch);
  device = await open();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("a code makes it a reader, with keys that cannot leave the browser, once", async () => {
  expect(device.stage.value).toBe("new");
  expect(await device.enrol(" k7f2-9qxm ")).toBe(true);
  expect(device.enrolment.value).toEqual({ url: URL_, reader: "door-7", venue: "library", profile: "gate" });
  expect(device.stage.value).toBe("rootless");
  const [asked] = service.asked;
  const { code, proof } = JSON.parse(asked!.body) as { code: string; proof: string };
  expect(code).toBe("K7F2-9QXM");
  expect(part(proof, 0)).toEqual({ alg: "ES256", typ: "cardsvc-enrol+jwt" });
  expect(part(proof, 1)).toMatchObject({ aud: URL_, code: "K7F2-9QXM", iat: 1_800_000_000, jwk: { kty: "EC", crv: "P-256" } });
  const again = await open();
  expect(again.enrolment.value?.reader).toBe("door-7");
  expect(again.fingerprint).toBe(device.fingerprint);
});

test("a line that was cut does no harm: the same code and the same keys are brought again", async () => {
  service.down = true;
  expect(await device.enrol("K7F2-9QXM")).toBe(false);
  expect(device.refusal.value?.reason).toBe("unreachable");
  service.down = false;
  expect(await device.enrol("K7F2-9QXM")).toBe(true);
  const jwks = service.asked.map(({ body }) => part((JSON.parse(body) as { proof: string }).proof, 1)["jwk"]);
  expect(jwks).toHaveLength(2);
  expect(jwks[0]).toEqual(jwks[1]);
});

test("a refused code says why, and the device stays new", async () => {
  service.answers = (path) => (path.endsWith("/enrol") ? Response.json({ detail: "this code is over" }, { status: 403 }) : null);
  expect(await device.enrol("K7F2-9QXM")).toBe(false);
  expect(device.refusal.value).toMatchObject({ reason: "enrolment_refused", message: "the service answered 403: this code is over" });
  expect(device.stage.value).toBe("new");
});

test("a token is asked for once, and once more when the service no longer takes it", async () => {
  await device.enrol("K7F2-9QXM");
  let bundles = 0;
  service.answers = (path) => (path.endsWith("/month-keys") ? new Response("{}", { status: bundles++ === 0 ? 401 : 500 }) : null);
  await expect(device.service!.monthKeys()).rejects.toMatchObject({ reason: "unreachable" });
  expect(service.tokens).toBe(2);
  const sent = service.asked.filter(({ path }) => path.endsWith("/month-keys")).map(({ headers }) => headers["Authorization"]);
  expect(sent).toEqual(["Bearer token-1", "Bearer token-2"]);
  const form = new URLSearchParams(service.asked.find(({ path }) => path === "/oauth/token")!.body);
  expect(form.get("grant_type")).toBe("client_credentials");
  expect(part(form.get("client_assertion")!, 1)).toMatchObject({ iss: "door-7", sub: "door-7", aud: `${URL_}/oauth/token`, exp: 1_800_000_300 });
});

test("without data nobody goes in and everybody goes out; without a key to seal to both are counted", async () => {
  await device.enrol("K7F2-9QXM");
  const code = base64url(encode(1));
  expect((await device.present({ code })).verdict).toMatchObject({ verdict: "attention", reason: "no_data", opens: false });
  const out = await device.present({ code, direction: "out" });
  expect(out.verdict).toMatchObject({ verdict: "allow", opens: true, noted: ["no_data", "no_seal_key"] });
  expect(device.log.value).toMatchObject({ seq: 0, missed: 2 });
  expect(device.alarms.value).toEqual(["no_data", "log_full"]);
});

test("leaving forgets keys, enrolment and log", async () => {
  await device.enrol("K7F2-9QXM");
  await device.leave();
  const again = await open();
  expect([again.stage.value, again.enrolment.value, again.fingerprint]).toEqual(["new", null, null]);
});

test("what the service would not take is offered again at every start, and once a day", async () => {
  const retry = vi.spyOn(Journal.prototype, "retryRefused");
  await device.enrol("K7F2-9QXM");
  await device.upload();
  await device.upload();
  expect(retry).toHaveBeenCalledTimes(1);
  const again = await open();
  await again.upload();
  expect(retry).toHaveBeenCalledTimes(2);
  const uptime = performance.now();
  vi.spyOn(performance, "now").mockReturnValue(uptime + DAY_MS);
  await again.upload();
  expect(retry).toHaveBeenCalledTimes(3);
  await again.leave();
  await device.leave();
});

test("what one window is about to trust is neither pinned over nor erased by another", async () => {
  await device.enrol("K7F2-9QXM");
  await device.pin(fromHex(root));
  const other = await open();
  service.answers = (path) => (path.endsWith("/bundle") ? new Response("a bundle") : null);
  const order: string[] = [];
  const noted = (name: string) => async (): Promise<never> => {
    order.push(name);
    throw new Refused("noted", name);
  };
  let begun = (): void => undefined;
  let release = (): void => undefined;
  const offered = new Promise<void>((resolve) => (begun = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  vi.spyOn(Keeper.prototype, "offer").mockImplementationOnce(async () => {
    begun();
    await released;
    return noted("offered")();
  });
  vi.spyOn(Keeper.prototype, "pin").mockImplementationOnce(noted("pinned"));
  const erase = Database.prototype.erase;
  vi.spyOn(Database.prototype, "erase").mockImplementationOnce(function (this: Database) {
    order.push("erased");
    return erase.call(this);
  });
  const syncing = device.sync();
  await offered;
  const [pinning, leaving] = [other.pin(fromHex(root)), other.leave()];
  await new Promise((resolve) => setTimeout(resolve)); // Whoever does not wait has done it by now.
  release();
  await Promise.all([syncing, pinning, leaving]);
  expect(order).toEqual(["offered", "pinned", "erased"]);
  await device.leave();
});
