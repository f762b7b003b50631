/** What a door shows, says and sounds where the policy opens on old data, and where it does not. */
import { isValidElement } from "preact";
import type { ComponentChildren, VNode } from "preact";
import { beforeEach, expect, test, vi } from "vitest";
import type { Device } from "../device/device.ts";
import type { Shown } from "../device/gate.ts";
import type { Verdict } from "../reader/verdict.ts";
import type { Settings } from "./settings.ts";

const sound = vi.hoisted(() => vi.fn());
vi.mock("./sounds.ts", () => ({ sound, silent: { value: false }, wakeSound: () => undefined }));
vi.mock("../device/ui/finder.tsx", () => ({ Finder: () => null }));
/** Nothing is mounted here: a component is a function of what it is given. */
vi.mock("preact/hooks", () => ({
  useEffect: () => undefined,
  useRef: (current: unknown) => ({ current }),
  useState: (first: unknown) => [first, () => undefined],
}));
vi.stubGlobal("navigator", { language: "en", onLine: true });
const { device } = await import("../device/ui/page.ts");
const { Light } = await import("./light.tsx");
const door = await import("./door.tsx");

const STALE: Verdict = {
  verdict: "attention", reason: "data_stale", words: "", card: "9012345678903", service: "library", valid_until: null,
  assurance: "print", data_age_s: 2 * 86_400, offline: true, opens: true, noted: ["data_stale"], repeated: false,
  not_judged: [], language: null, view: {},
}; // prettier-ignore
const OPENED: Shown = { verdict: STALE, direction: "in", seq: 1, again: null };
const SHUT: Shown = { ...OPENED, verdict: { ...STALE, opens: false } };
const KIOSK: Settings = { mode: "kiosk", service: 3, direction: "in", facing: "user", sound: true, lock: null };
const STAFFED: Settings = { ...KIOSK, mode: "staffed" };

/** Every element with its class, and every text. */
function drawn(node: ComponentChildren): string {
  if (Array.isArray(node)) return node.map(drawn).join("");
  if (!isValidElement(node)) return node === null || node === undefined || typeof node === "boolean" ? "" : String(node);
  const { type, props } = node as VNode<{ class?: string; children?: ComponentChildren }>;
  if (typeof type === "function") return drawn((type as (given: object) => ComponentChildren)(props));
  return `<${type} ${props.class ?? ""}>${drawn(props.children)}`;
}
const light = (shown: Shown, settings: Settings): string => drawn(Light({ shown, settings, next: () => undefined }));

beforeEach(() => {
  sound.mockClear();
  vi.useFakeTimers();
});

test.each([KIOSK, STAFFED])("who is let in on old data sees green and is not sent to the staff: $mode", (settings) => {
  const page = light(OPENED, settings);
  expect(page).toContain("<article light allow>");
  expect(page).toContain("<circle >");
  expect(page).toContain("Allowed");
  expect(page).toContain("Please go ahead");
  expect(page).not.toContain("ask the staff");
  expect(page).toContain("2 days old");
});

test("staff read that the data is old, compare the face, and need let nobody in by hand", () => {
  const page = light(OPENED, STAFFED);
  expect(page).toContain("Genuine, but this reader's data is old");
  expect(page).toContain("Compare the face on the card");
  expect(page).not.toContain("Let in after seeing their papers");
});

test("where the policy does not open on it, it is for the staff to decide", () => {
  const page = light(SHUT, STAFFED);
  expect(page).toContain("<article light attention>");
  expect(page).toContain("please ask the staff");
  expect(page).toContain("Let in after seeing their papers");
  expect(page).not.toContain("Compare the face");
});

test.each([
  [OPENED, "allow", 3_000],
  [SHUT, "attention", 7_000],
] as const)("sound and time go with the light", async (found, answer, shines) => {
  device.value = { present: async () => found } as unknown as Device;
  await door.present("a code", KIOSK);
  expect(sound.mock.calls).toEqual([[answer]]);
  await vi.advanceTimersByTimeAsync(shines - 1);
  expect(door.shown.value).toBe(found);
  await vi.advanceTimersByTimeAsync(1);
  expect(door.shown.value).toBeNull();
});
