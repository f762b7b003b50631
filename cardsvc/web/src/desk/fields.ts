/** The application's fields in the order in which a clerk meets them: the passport, the person, the stay, the card. */
import type { Fields } from "../shared/api/desk.ts";
import { CLASSES, NATIVE } from "../shared/choices.ts";
import { countryName, COUNTRIES } from "../shared/countries.ts";
import { language, t, type Key } from "../shared/i18n/index.ts";
import type { Choice } from "../shared/ui/fields.tsx";
import { isoDay, large, trimmed } from "../shared/ui/fields.tsx";

/** The looks of a card; nothing chosen is the first. */
const DESIGNS = ["green", "private", "high-contrast"] as const;

type Kind = "text" | "area" | "day" | "country" | "choice" | "mrz" | "services";
export interface FieldSpec {
  readonly name: string;
  readonly kind: Kind;
  readonly half?: boolean;
  readonly tidy?: (value: string) => string;
  readonly choices?: () => readonly Choice[];
  readonly hint?: Key;
  /** What an empty field means, so that it is shown chosen. */
  readonly usual?: string;
  readonly input?: Readonly<Record<string, unknown>>;
}
export interface Section {
  readonly words: Key;
  readonly fields: readonly FieldSpec[];
}

const choices = (prefix: "sex" | "permit" | "class", values: readonly string[]) => (): Choice[] => [
  { value: "", words: t("choose") },
  ...values.map((value) => ({ value, words: t(`${prefix}.${value}` as Key) })),
];

/** In which the resident is written to. */
const LETTERS = ["en", "zh", "ar", "ur", "fa", "ko", "ja", "fr", "ru", "hi", "es", "pt"];

function languages(codes: Readonly<Record<string, string>>): Choice[] {
  const names = new Intl.DisplayNames(language.value, { type: "language" });
  const own = (code: string) => new Intl.DisplayNames(code, { type: "language" }).of(code) ?? code;
  const made = Object.entries(codes).map(([value, code]) => ({ value, words: `${names.of(code) ?? code} · ${own(code)}` }));
  return [{ value: "", words: t("choose") }, ...made];
}

/** A language by its two or three letters, as the reader calls it. */
export function languageName(code: string): string {
  return new Intl.DisplayNames(language.value, { type: "language" }).of(NATIVE[code as keyof typeof NATIVE] ?? code) ?? code;
}

const wide = { autocapitalize: "characters" };
const number = { inputMode: "numeric" };

export const SECTIONS: readonly Section[] = [
  {
    words: "section.passport",
    fields: [
      { name: "mrz", kind: "mrz", hint: "hint.mrz" },
      { name: "surname", kind: "text", half: true, tidy: trimmed, hint: "hint.surname" },
      { name: "given_names", kind: "text", half: true, tidy: trimmed },
      { name: "passport", kind: "text", half: true, tidy: large, input: wide },
      { name: "passport_expiry", kind: "day", half: true },
      { name: "passport_country", kind: "country", half: true },
      { name: "nationality", kind: "country", half: true },
      { name: "birth", kind: "day", half: true },
      { name: "sex", kind: "choice", half: true, choices: choices("sex", ["M", "F", "X"]) },
    ],
  },
  {
    words: "section.names",
    fields: [
      { name: "name_native", kind: "text", half: true, tidy: trimmed, hint: "hint.native" },
      { name: "language_native", kind: "choice", half: true, choices: () => languages(NATIVE) },
      { name: "name_chinese", kind: "text", half: true, tidy: trimmed, hint: "hint.chinese", input: { lang: "zh-CN" } },
      { name: "language", kind: "choice", half: true, hint: "hint.language", choices: () => languages(Object.fromEntries(LETTERS.map((code) => [code, code]))) },
    ],
  },
  {
    words: "section.permit",
    fields: [
      { name: "permit_kind", kind: "choice", half: true, choices: choices("permit", ["residence", "visa", "work", "none"]) },
      { name: "permit", kind: "text", half: true, tidy: large, input: wide },
      { name: "permit_expiry", kind: "day", half: true },
      { name: "permit_class", kind: "choice", half: true, hint: "hint.permit_class", choices: () => [{ value: "", words: t("none") }, ...["A", "B", "C"].map((value) => ({ value, words: value }))] },
    ],
  },
  {
    words: "section.card",
    fields: [
      { name: "class", kind: "choice", half: true, choices: choices("class", CLASSES) },
      { name: "valid_until", kind: "day", half: true, hint: "hint.valid_until" },
      { name: "services", kind: "services" },
      { name: "design", kind: "choice", half: true, hint: "hint.design", usual: DESIGNS[0], choices: () => DESIGNS.map((value) => ({ value, words: t(`design.${value}`) })) },
      { name: "guardian", kind: "text", tidy: trimmed, hint: "hint.guardian" },
    ],
  },
  {
    words: "section.contact",
    fields: [
      { name: "phone", kind: "text", half: true, tidy: trimmed, input: { ...number, type: "tel" } },
      { name: "email", kind: "text", half: true, tidy: trimmed, input: { type: "email" } },
      { name: "address", kind: "text", tidy: trimmed },
    ],
  },
];

export const TIDY_DAY = isoDay;

/** For the list under a country's field. */
export const countryChoices = (): readonly Choice[] =>
  COUNTRIES.map((value) => ({ value, words: countryName(value, language.value) }));

/** The services of an application: a list of names, or names with their last days. */
export function servicesOf(application: Fields): Readonly<Record<string, string>> {
  const given = application["services"];
  if (Array.isArray(given)) return Object.fromEntries(given.map((name) => [String(name), ""]));
  return given && typeof given === "object" ? Object.fromEntries(Object.entries(given).map(([name, last]) => [name, typeof last === "string" ? last : ""])) : {};
}

/** As the service takes them: a bare list unless a last day is named. */
export function servicesAs(chosen: Readonly<Record<string, string>>): unknown {
  const names = Object.keys(chosen);
  if (Object.values(chosen).every((last) => !last)) return names;
  return Object.fromEntries(names.map((name) => [name, chosen[name] || null]));
}

export function textOf(application: Fields, name: string): string {
  const value = application[name];
  if (Array.isArray(value)) return value.join("\n");
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** A passport's lines as they are printed, from what was typed. */
export const linesIn = (text: string): string[] => text.split(/\s+/).filter(Boolean).map((line) => line.toUpperCase());

/** `SURNAME, Given names`, or nothing yet. */
export function latinName(application: Fields): string {
  return [textOf(application, "surname"), textOf(application, "given_names")].filter(Boolean).join(", ");
}
