import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CATALOGUES, phrase, type Key, type Language, type Message } from "./index.ts";
import { en } from "./en.ts";

const keys = Object.keys(en) as Key[];
const forms = (message: Message): string[] => (typeof message === "string" ? [message] : Object.values(message));
const names = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? "").sort();

describe.each(Object.keys(CATALOGUES) as Language[])("the catalogue in %s", (language) => {
  const catalogue = CATALOGUES[language];

  it("says everything, and nothing else", () => {
    expect(Object.keys(catalogue).sort()).toEqual([...keys].sort());
    for (const key of keys) for (const text of forms(catalogue[key])) expect(text.trim(), key).not.toBe("");
  });

  it("names the same values as English", () => {
    for (const key of keys) {
      const wanted = names(forms(en[key]).at(-1) ?? "");
      for (const text of forms(catalogue[key])) expect(names(text), key).toEqual(wanted);
    }
  });

  it("has each plural form that CLDR asks for, and says how many wherever English does", () => {
    const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories.sort();
    for (const key of keys) {
      const message = catalogue[key];
      expect(typeof message, key).toBe(typeof en[key]);
      if (typeof message !== "string") expect(Object.keys(message).sort(), key).toEqual(wanted);
    }
  });
});

it("speaks of one and of many", () => {
  expect(phrase("en", "queue.count", { n: 1 })).toBe("1 application");
  expect(phrase("en", "queue.count", { n: 1200 })).toBe("1,200 applications");
  expect(phrase("zh", "queue.count", { n: 1 })).toBe("1 件申请");
});

it("calls no hold a loss, whatever the hold is for", () => {
  const losses = keys.filter((key) => forms(CATALOGUES.zh[key]).some((text) => text.includes("挂失")));
  expect(losses).toEqual(["history.print_lost"]);
  expect(phrase("zh", "do.suspend")).toBe("暂停");
});

it("is used: every key stands in some screen", () => {
  const folder = new URL("../../desk/", import.meta.url);
  const more = [new URL("../ui/kit.tsx", import.meta.url), new URL("../keys.ts", import.meta.url)];
  const files = [...readdirSync(folder, { encoding: "utf8", recursive: true }).filter((name) => /\.tsx?$/.test(name)).map((name) => new URL(name, folder)), ...more];
  const code = files.map((file) => readFileSync(file, "utf8")).join("\n");
  // Keys made of parts: t(`role.${…}`), told("service", …).
  const made = new Set([...code.matchAll(/[`"]([a-z]+(?:\.[a-z]+)*)(?:\.\$\{|",)/g)].map((found) => found[1] ?? ""));
  const loose = keys.filter((key) => {
    const parts = key.split(".");
    const prefixes = parts.map((_, count) => parts.slice(0, count).join("."));
    return !code.includes(`"${key}"`) && !prefixes.some((prefix) => made.has(prefix)) && !key.endsWith(".words");
  });
  expect(loose).toEqual([]);
});
