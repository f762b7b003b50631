/** Every text in every language: there, with the same values, with the plural forms that CLDR asks for. */
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { filled, forms, language, LANGUAGES, NAMES, type Table } from "../language.ts";
import { WORDS } from "./index.ts";

const tables = await Promise.all(
  readdirSync(new URL(".", import.meta.url))
    .flatMap((file) => /^(\w+)\.ts$/.exec(file)?.[1] ?? [])
    .filter((name) => name !== "index")
    .map(async (name) => [name, Object.assign({}, ...Object.values(await import(`./${name}.ts`))) as Table] as const),
);
const values = (text: string): string[] => Array.from(text.matchAll(/\{(\w+)/g), ([, name = ""]) => name).sort();
/** Enough numbers to meet every form that whole numbers of a phone's page can need. */
const NUMBERS = Array.from({ length: 201 }, (_, n) => n);

it("are all in the page's catalogue, each once", () => {
  const named = tables.flatMap(([, table]) => Object.keys(table));
  expect(new Set(named).size).toBe(named.length);
  expect(named.sort()).toEqual(Object.keys(WORDS).sort());
});

describe.each(LANGUAGES.map((spoken, at) => [spoken, at] as const))("the words in %s", (spoken, at) => {
  const needed = [...new Set(NUMBERS.map((n) => new Intl.PluralRules(spoken).select(n)))].sort();

  it.each(tables)("of %s are there, with English's values and the plurals of the language", (_, table) => {
    expect(NAMES[at]).toBeTruthy();
    for (const [key, texts] of Object.entries(table)) {
      const [english, text = ""] = [texts[0], texts[at]];
      expect(text.trim(), key).not.toBe("");
      expect(values(text), key).toEqual(values(english));
      // A whole sentence that is English's was forgotten; a name of three letters may be the same.
      if (spoken !== "en" && english.length > 20) expect(text, key).not.toBe(english);
      for (const { by } of forms(text)) expect([...by.keys()].sort(), key).toEqual(needed);
    }
  });
});

it("writes the form that a number needs", () => {
  language.value = "ru";
  const text = "{n|one:# день|few:# дня|many:# дней|other:# дня}, {who}";
  expect([1, 2, 5, 21].map((n) => filled(text, { n, who: "я" }))).toEqual(["1 день, я", "2 дня, я", "5 дней, я", "21 день, я"]);
  language.value = "ar";
  expect(filled("{n|one:يوم|other:# يوم}", { n: 12 })).toBe("١٢ يوم");
});
