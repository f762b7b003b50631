/** The holder's twelve languages: which one is spoken, and how it writes days, numbers and plurals (CLDR). */
import { signal } from "@preact/signals";
import { remember, remembered } from "../shared/remembered.ts";

export const LANGUAGES = ["en", "zh", "ar", "ur", "fa", "ko", "ja", "fr", "ru", "hi", "es", "pt"] as const;
export type Language = (typeof LANGUAGES)[number];
/** One text in every language, in the order of {@link LANGUAGES}: a missing one does not compile. */
export type Texts = readonly [string, string, string, string, string, string, string, string, string, string, string, string];
export type Table = Readonly<Record<string, Texts>>;

/** Languages by their own names. */
export const NAMES: Texts = ["English", "中文", "العربية", "اردو", "فارسی", "한국어", "日本語", "Français", "Русский", "हिन्दी", "Español", "Português"];
const RIGHT_TO_LEFT: ReadonlySet<Language> = new Set(["ar", "ur", "fa"]);
const KEPT = "card.language";

export const language = signal<Language>("en");

export const rightToLeft = (spoken: Language): boolean => RIGHT_TO_LEFT.has(spoken);
/** As HTML's `lang` wants it: the Chinese here is that of the city. */
export const tag = (spoken: Language): string => (spoken === "zh" ? "zh-CN" : spoken);

export function useLanguage(next: Language): void {
  language.value = next;
  document.documentElement.lang = tag(next);
  document.documentElement.dir = rightToLeft(next) ? "rtl" : "ltr";
  remember(KEPT, next);
}

/** The language chosen on this phone before, else the first of the phone's own that the page speaks. */
export function startLanguage(): void {
  const asked = [remembered(KEPT), ...navigator.languages].map((one) => one?.slice(0, 2));
  useLanguage(LANGUAGES.find((one) => one === asked.find((wish) => LANGUAGES.includes(wish as Language))) ?? "en");
}

/** Arabic's own digits where its readers use them; the calendar is the city's, everywhere. */
const locale = (spoken: Language): string => ({ ar: "ar-EG", zh: "zh-CN" })[spoken as string] ?? spoken;

export const number = (value: number): string => value.toLocaleString(locale(language.value));

/** A day, written as the language writes it; `day` is YYYY-MM-DD. */
export function date(day: string, dateStyle: "medium" | "full" = "medium"): string {
  const form = new Intl.DateTimeFormat(locale(language.value), { dateStyle, timeZone: "UTC", calendar: "gregory" });
  return form.format(new Date(`${day}T00:00:00Z`));
}

/** Day and minute on this phone's clock; `time` is in epoch seconds. */
export function instant(time: number): string {
  const form = { dateStyle: "medium", timeStyle: "short", calendar: "gregory" } as const;
  return new Intl.DateTimeFormat(locale(language.value), form).format(new Date(time * 1000));
}

const relative = (): Intl.RelativeTimeFormat => new Intl.RelativeTimeFormat(locale(language.value), { numeric: "auto" });

/** How far away a day is, by the number of days: today, tomorrow, in three days. */
export const away = (days: number): string => relative().format(days, "day");

const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [["day", 86_400], ["hour", 3600], ["minute", 60]]; // prettier-ignore

/** How long ago something was, in its largest unit. */
export function ago(seconds: number): string {
  const [unit, size] = UNITS.find(([, one]) => seconds >= one) ?? (["minute", 60] as const);
  return relative().format(-Math.floor(seconds / size), unit);
}

/** Several things in one sentence. */
export const list = (items: readonly string[]): string =>
  new Intl.ListFormat(locale(language.value), { type: "conjunction" }).format(items);

const NUMBERED = /\{(\w+)\|([^}]*)\}/g;

/** The forms of a numbered text, by CLDR's names for them: `{n|one:# day|other:# days}`. */
export function forms(text: string): { readonly value: string; readonly by: ReadonlyMap<string, string> }[] {
  return Array.from(text.matchAll(NUMBERED), ([, value = "", rest = ""]) => ({
    value,
    by: new Map(rest.split("|").map((one) => [one.slice(0, one.indexOf(":")), one.slice(one.indexOf(":") + 1)] as const)),
  }));
}

/** A text with its `{values}` put in, and of numbered parts the form that the number needs. */
export function filled(text: string, values: Readonly<Record<string, string | number>>): string {
  const rules = new Intl.PluralRules(language.value);
  const chosen = text.replace(NUMBERED, (whole, name: string) => {
    const count = Number(values[name]);
    const by = forms(whole)[0]?.by;
    return (by?.get(rules.select(count)) ?? by?.get("other") ?? "").replace("#", number(count));
  });
  return chosen.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : (value ?? "");
  });
}
