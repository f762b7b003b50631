import { afterEach, expect, it, vi } from "vitest";
import { Refusal, Unreachable, look, online } from "./service.ts";

function answer(body: string, status = 200): void {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status })));
}

afterEach(() => void vi.unstubAllGlobals());

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
