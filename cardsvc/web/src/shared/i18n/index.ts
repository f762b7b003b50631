/** Words of the pages. English is the catalogue that the others are held to, by the compiler and by a test. */
import { signal } from "@preact/signals";
import { remember, remembered } from "../remembered.ts";
import { en, type Key } from "./en.ts";
import { zh } from "./zh.ts";

/** A text with `{names}`; or one text for each CLDR plural category of `n`. */
export type Message = string | Readonly<Partial<Record<Intl.LDMLPluralRule, string>>>;
export type Language = "en" | "zh";
export type { Key };
export type Values = Readonly<Record<string, string | number>>;

export const CATALOGUES: Readonly<Record<Language, Readonly<Record<Key, Message>>>> = { en, zh };
const KEPT = "desk.language";

export const language = signal<Language>("en");

/** The language chosen on this machine before, else what the browser asks for. */
export function startLanguage(): void {
  const kept = remembered(KEPT);
  useLanguage(kept === "en" || kept === "zh" ? kept : navigator.language.startsWith("zh") ? "zh" : "en");
}

export function useLanguage(next: Language): void {
  language.value = next;
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
  remember(KEPT, next);
}

export function phrase(spoken: Language, key: Key, values: Values = {}): string {
  const message = CATALOGUES[spoken][key];
  const text = typeof message === "string" ? message : pick(message, spoken, values["n"]);
  return text.replace(/\{(\w+)\}/g, (_, name: string) => shown(values[name], spoken));
}

function pick(forms: Exclude<Message, string>, spoken: Language, n: string | number | undefined): string {
  return forms[new Intl.PluralRules(spoken).select(Number(n))] ?? forms.other ?? "";
}

function shown(value: string | number | undefined, spoken: Language): string {
  return typeof value === "number" ? value.toLocaleString(spoken) : (value ?? "");
}

export const t = (key: Key, values?: Values): string => phrase(language.value, key, values);

/** The same words in the other language: headings show both. */
export const inOther = (key: Key): { readonly text: string; readonly lang: Language } => {
  const lang = language.value === "en" ? "zh" : "en";
  return { text: phrase(lang, key), lang };
};

/** A key made of parts, where the catalogue has it; for words that follow from the service's own names. */
export function told(prefix: string, name: string): string | null {
  const key = `${prefix}.${name}`;
  return key in en ? t(key as Key) : null;
}

/** Today the time, this year the day, else the date; the full instant belongs into `title`. */
export function moment(text: string, now: Date = new Date()): string {
  const then = new Date(text);
  if (Number.isNaN(then.getTime())) return text;
  const same = then.toDateString() === now.toDateString();
  const form: Intl.DateTimeFormatOptions = same
    ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }
    : { month: "short", day: "numeric", ...(then.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }) };
  return new Intl.DateTimeFormat(language.value, form).format(then);
}

/** Day and minute: until when something is good. */
export function minute(text: string): string {
  const then = new Date(text);
  return new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" }).format(then);
}

/** A calendar day, `2027-01-31`, which is the same day everywhere. */
export function day(text: string): string {
  return new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(`${text}T00:00:00Z`));
}

export function instant(text: string): string {
  const then = new Date(text);
  if (Number.isNaN(then.getTime())) return text;
  return new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" }).format(then);
}
