import { beforeEach, expect, it, vi } from "vitest";
import type { Case } from "../shared/api/desk.ts";
import { send, stored } from "./picture.ts";

const sent: unknown[] = [];
const FRAME = { x: 1, y: 2, w: 210, h: 270 };
const CASE = { id: "a1", version: 5, portrait: { present: true, crop: null, findings: [] } } as unknown as Case;

beforeEach(() => {
  sent.length = 0;
  vi.stubGlobal("fetch", (_: string, request: { body: string }) => {
    sent.push(JSON.parse(request.body));
    return Promise.resolve(new Response("{}", { headers: { "Content-Type": "application/json" } }));
  });
});

it("lays a frame over the picture that was looked at, not over one that came since", async () => {
  const shown = stored(CASE);
  expect(shown).toMatchObject({ file: null, version: 5 });
  if (shown) await send("a1", shown, 9, FRAME);
  expect(sent).toEqual([{ version: 5, crop: FRAME }]);
});

it("brings a new picture to the case as it is now", async () => {
  vi.stubGlobal(
    "FileReader",
    class {
      result = "data:image/jpeg;base64,QUJD";
      onload = () => undefined;
      readAsDataURL = () => queueMicrotask(() => this.onload());
    },
  );
  await send("a1", { url: "blob:1", file: new Blob(["ABC"]), version: 0 }, 9, null);
  expect(sent).toEqual([{ version: 9, base64: "QUJD" }]);
});

it("has nothing to show of a case without a portrait", () => {
  expect(stored({ ...CASE, portrait: { present: false, crop: null, findings: [] } })).toBeNull();
});
