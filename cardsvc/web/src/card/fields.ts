/** What a resident fills in, in the order in which the papers lie on the table. */
import { CLASSES, NATIVE } from "../shared/choices.ts";
import { COUNTRIES, countryName } from "../shared/countries.ts";
import { language } from "./language.ts";
import { isChild, type Fields } from "./applying.ts";
import { say, told, type Key } from "./words/index.ts";

export interface Choice {
  readonly value: string;
  readonly words: string;
}
export interface Field {
  readonly name: string;
  readonly kind: "text" | "day" | "choice";
  readonly choices?: () => readonly Choice[];
  readonly input?: Readonly<Record<string, unknown>>;
  /** Asked for only where this holds. */
  readonly when?: (fields: Fields) => boolean;
}

const named = (prefix: string, values: readonly string[]) => (): Choice[] => values.map((value) => ({ value, words: told(prefix, value) }));

function countries(): Choice[] {
  const order = new Intl.Collator(language.value);
  const all = COUNTRIES.map((value) => ({ value, words: countryName(value, language.value) }));
  return all.sort((one, other) => order.compare(one.words, other.words));
}

/** Languages that cards can print names in, each by its own name. */
function scripts(): Choice[] {
  return Object.entries(NATIVE).map(([value, code]) => ({ value, words: new Intl.DisplayNames(code, { type: "language" }).of(code) ?? code }));
}

const latin = { dir: "ltr", lang: "en", autocapitalize: "words", spellcheck: false };
const capitals = { dir: "ltr", lang: "en", autocapitalize: "characters", spellcheck: false };
const permitted = (fields: Fields): boolean => fields["permit_kind"] !== "none";

export const PASSPORT: readonly Field[] = [
  { name: "surname", kind: "text", input: latin },
  { name: "given_names", kind: "text", input: latin },
  { name: "passport", kind: "text", input: capitals },
  { name: "passport_country", kind: "choice", choices: countries },
  { name: "passport_expiry", kind: "day" },
  { name: "nationality", kind: "choice", choices: countries },
  { name: "birth", kind: "day" },
  { name: "sex", kind: "choice", choices: named("sex", ["F", "M", "X"]) },
];
export const NAMES: readonly Field[] = [
  { name: "name_native", kind: "text", input: { dir: "auto" } },
  { name: "language_native", kind: "choice", choices: scripts },
  { name: "name_chinese", kind: "text", input: { lang: "zh-CN", dir: "auto" } },
  { name: "guardian", kind: "text", input: latin, when: isChild },
];
export const PERMIT: readonly Field[] = [
  { name: "permit_kind", kind: "choice", choices: named("permitkind", ["residence", "visa", "work", "none"]) },
  { name: "permit", kind: "text", input: capitals, when: permitted },
  { name: "permit_expiry", kind: "day", when: permitted },
];
export const CARD: readonly Field[] = [{ name: "class", kind: "choice", choices: named("class", CLASSES) }];
export const CONTACT: readonly Field[] = [
  { name: "phone", kind: "text", input: { type: "tel", dir: "ltr", autocomplete: "tel" } },
  { name: "email", kind: "text", input: { type: "email", dir: "ltr", autocomplete: "email" } },
];

export const label = (name: string): string => say(`field.${name}` as Key);
export const textOf = (fields: Fields, name: string): string => {
  const value = fields[name] ?? "";
  return typeof value === "string" ? value : value.join("\n");
};

/** Why a field is not right yet: few things to do for the many reasons of the service. */
const WHY: Readonly<Record<string, Key>> = {
  missing: "why.missing", no_name: "why.missing", portrait_missing: "why.missing",
  check_digit: "why.lines", unknown_layout: "why.lines", forbidden_character: "why.lines", digit_in_name: "why.lines", document_code: "why.lines", unreadable: "why.lines",
  disagrees: "why.disagrees", duplicate: "why.disagrees", not_expected: "why.disagrees",
  expired: "why.expired", permit_needed: "why.permit",
  no_such_day: "why.day", incomplete_date: "why.day", out_of_range: "why.day",
  name_cut: "why.long", too_long: "why.long", too_large: "why.long", name_does_not_fit: "why.long", does_not_fit: "why.long",
}; // prettier-ignore
export const why = (reason: string): string => say(WHY[reason] ?? "why.other");
