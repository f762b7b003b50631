/**
 * All words of the page, put together from one table a subject. A new subject is a file beside this one and a line
 * here; `words.test.ts` then holds it to its languages, values and plurals.
 */
import { filled, language, LANGUAGES } from "../language.ts";
import { ADDING } from "./adding.ts";
import { APPLYING } from "./applying.ts";
import { COMMON } from "./common.ts";
import { CONSENTS } from "./consents.ts";
import { FORM } from "./form.ts";
import { LOOKS } from "./looks.ts";
import { MOVING } from "./moving.ts";
import { SERVICES } from "./services.ts";
import { STANDING } from "./standing.ts";

export const WORDS = { ...COMMON, ...ADDING, ...APPLYING, ...FORM, ...MOVING, ...LOOKS, ...STANDING, ...SERVICES, ...CONSENTS } as const;
export type Key = keyof typeof WORDS;

export function say(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
  return filled(WORDS[key][LANGUAGES.indexOf(language.value)] ?? WORDS[key][0], values);
}

/** A key made of parts, where there are words for it. */
export function told(prefix: string, name: string): string {
  const key = `${prefix}.${name}`;
  return key in WORDS ? say(key as Key) : name;
}
