/** What the holder is told, in the holder's own language first: the words of every reader, from one file. */
import book from "../../../../verify/reader/phrases.json";

/** The venue's languages, in order (docs/readers.md, default). */
const VENUE = ["zh", "en"] as const;
/** A reason without words here is one that nobody could check. */
const FALLBACK = "unchecked";
const RIGHT_TO_LEFT: readonly string[] = ["ar", "ur", "fa"];

export interface Told {
  readonly language: string;
  readonly text: string;
  readonly rightToLeft: boolean;
}

/** `holder`: ISO 639-3, where the code says it. */
export function told(reason: string, holder: string | null): readonly Told[] {
  const reasons: Readonly<Record<string, string>> = book.reasons;
  const languages: Readonly<Record<string, string>> = book.languages;
  const name = (reasons[reason] ?? FALLBACK) as keyof typeof book.messages;
  const texts: Readonly<Record<string, string>> = book.messages[name].texts;
  const own = holder === null ? undefined : languages[holder];
  const order = new Set([...(own === undefined ? [] : [own]), ...VENUE]);
  return Array.from(order, (language) => ({
    language,
    text: texts[language] ?? "",
    rightToLeft: RIGHT_TO_LEFT.includes(language),
  }));
}
