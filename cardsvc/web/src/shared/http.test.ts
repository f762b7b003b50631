import { afterEach, expect, it, vi } from "vitest";
import { Problem, Unreachable, call } from "./api/http.ts";

function answer(body: BodyInit | null, type: string, status = 200): void {
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status, headers: { "Content-Type": type } })));
}

/** A body that begins, and whose line then breaks. */
function cutOff(failure: Error): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"rows": ['));
      controller.error(failure);
    },
  });
}

afterEach(() => void vi.unstubAllGlobals());

it("reads JSON, and text where the service sends some", async () => {
  answer('{"rows": []}', "application/json");
  expect(await call("GET", "/x")).toEqual({ rows: [] });
  answer("a note", "text/plain; charset=utf-8");
  expect(await call("GET", "/x")).toBe("a note");
});

it.each([
  ["cut off by the line", cutOff(new TypeError("network error")), "application/json"],
  ["cut off unnoticed", '{"rows": [', "application/json"],
  ["a proxy's page", "<h1>Sign in to this network</h1>", "text/html"],
])("takes what is %s for no answer", async (_, body, type) => {
  answer(body, type);
  await expect(call("GET", "/x")).rejects.toBeInstanceOf(Unreachable);
});

it("leaves a call that was given up to who gave it up", async () => {
  answer(cutOff(new DOMException("", "AbortError")), "application/json");
  await expect(call("GET", "/x")).rejects.toMatchObject({ name: "AbortError" });
});

it("takes a refusal that says nothing by its status", async () => {
  answer("<h1>Forbidden</h1>", "text/html", 403);
  const failure = await call("GET", "/x").catch((reason: unknown) => reason);
  expect(failure).toBeInstanceOf(Problem);
  expect(failure).toMatchObject({ status: 403, reason: "http_403" });
});
