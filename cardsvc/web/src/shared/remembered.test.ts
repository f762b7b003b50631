/** What pages remember of choices, in a browser that keeps them and in one that lets a site keep nothing. */
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { remember, remembered } from "./remembered.ts";

const SOURCES = new URL("../", import.meta.url);

/** As browsers do where site data is blocked: the property itself throws. */
function block(): void {
  Object.defineProperty(globalThis, "localStorage", {
    configurable: true,
    get: () => {
      throw new DOMException("not here", "SecurityError");
    },
  });
}

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal("navigator", { language: "zh-CN", languages: ["ko-KR", "en"] });
  vi.stubGlobal("document", { documentElement: { dataset: {} } });
  vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
});
afterEach(() => vi.unstubAllGlobals());

it("a choice is kept, and forgotten", () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  };
  Object.defineProperty(globalThis, "localStorage", { configurable: true, value: storage });
  remember("a", "yes");
  expect([remembered("a"), remembered("b"), [...kept]]).toEqual(["yes", null, [["a", "yes"]]]);
  remember("a", null);
  expect([remembered("a"), kept.size]).toEqual([null, 0]);
});

it("a choice that finds no room holds as long as the page", () => {
  const full = { getItem: () => "before", setItem: () => { throw new DOMException("full", "QuotaExceededError"); } }; // prettier-ignore
  Object.defineProperty(globalThis, "localStorage", { configurable: true, value: full });
  expect(remembered("a")).toBe("before");
  remember("a", "now");
  expect(remembered("a")).toBe("now");
});

it("pages begin and are switched where nothing is kept", async () => {
  block();
  const card = await import("../card/language.ts");
  card.startLanguage();
  expect(card.language.value).toBe("ko");
  for (const words of [await import("../device/ui/words.ts"), await import("../police/words.ts")]) {
    expect(words.language.value).toBe("zh");
    words.useLanguage("en");
    expect(words.language.value).toBe("en");
  }
  const sun = await import("../police/theme.ts");
  sun.useSunlight(true);
  expect(sun.sunlight.value).toBe(true);
  const [desk, words, { singleKeys }] = [await import("../desk/theme.ts"), await import("./i18n/index.ts"), await import("./keys.ts")];
  desk.startTheme();
  desk.switchTheme();
  words.startLanguage();
  singleKeys.on = false;
  expect([desk.theme.value, words.language.value, singleKeys.on]).toEqual(["dark", "zh", false]);
  const gate = await import("../gate/settings.ts");
  gate.choose({ mode: "staffed", service: null, direction: "in", facing: "user", sound: true, lock: null });
  gate.forget();
  expect(gate.settings.value).toBeNull();
});

it("no page asks the browser past this", () => {
  const files = readdirSync(SOURCES, { encoding: "utf8", recursive: true }).filter((name) => /(?<!\.test)\.tsx?$/.test(name));
  const asking = files.filter((name) => /\b(?:local|session)Storage\b/.test(readFileSync(new URL(name, SOURCES), "utf8")));
  expect(asking).toEqual(["shared/remembered.ts"]);
});
