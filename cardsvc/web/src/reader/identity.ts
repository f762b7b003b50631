/** Claim 169, who the holder is (MOSIP Claim 169; docs/format.md section 3). Every member may be missing. */
import { fromHex } from "./bytes.ts";
import type { Bytes } from "./bytes.ts";
import type { CborMap, Item } from "./cbor.ts";
import { mapping, optionalBytes, optionalInteger, optionalText } from "./claims.ts";
import { malformed } from "./errors.ts";

const BIRTH = 8;
const GENDER = 9;
const PHOTO = 16;
const PHOTO_FORMAT = 17;

const TEXTS = {
  id: 1,
  version: 2,
  language: 3,
  fullName: 4,
  nationality: 13,
  guardian: 15,
  secondName: 19,
  secondLanguage: 20,
  legalStatus: 22,
  countryOfIssue: 23,
} as const;

export type IdentityTexts = { readonly [name in keyof typeof TEXTS]: string | null };

export interface Identity extends IdentityTexts {
  /** `YYYY-MM-DD` */
  readonly birth: string | null;
  readonly gender: number | null;
  readonly photo: Bytes | null;
  readonly photoFormat: number | null;
  /** Members that this version does not name, as they came. */
  readonly unknown: CborMap;
}

/** Read the map; a known member of a wrong kind is `malformed`. */
export function decodeIdentity(claim: Item | undefined): Identity {
  const items = mapping(claim, "claim 169");
  const names = Object.entries(TEXTS) as [keyof typeof TEXTS, number][];
  const texts = Object.fromEntries(names.map(([name, label]) => [name, optionalText(items, label, name) ?? null]));
  const known = new Set<Item>([...Object.values(TEXTS), BIRTH, GENDER, PHOTO, PHOTO_FORMAT]);
  return {
    ...(texts as unknown as IdentityTexts),
    birth: birth(items),
    gender: optionalInteger(items, GENDER, "gender") ?? null,
    photo: photo(items),
    photoFormat: optionalInteger(items, PHOTO_FORMAT, "photo format") ?? null,
    unknown: new Map(Array.from(items).filter(([label]) => !known.has(label))),
  };
}

/** The specification writes birth both ways: `YYYYMMDD` and `YYYY-MM-DD`. */
function birth(items: CborMap): string | null {
  const text = optionalText(items, BIRTH, "birth");
  if (text === undefined) return null;
  const found = /^(\d{4})(-?)(\d{2})\2(\d{2})$/.exec(text);
  if (found !== null) {
    const [, year, , month, day] = found;
    const date = `${year}-${month}-${day}`;
    const parsed = new Date(`${date}T00:00:00Z`);
    // JavaScript reads 30 February as 1 March, and knows a year 0, which no calendar of people has.
    if (year !== "0000" && !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date)) return date;
  }
  throw malformed("birth must be YYYYMMDD or YYYY-MM-DD");
}

function photo(items: CborMap): Bytes | null {
  const value = items.get(PHOTO);
  if (typeof value === "string") return fromHex(value);
  return optionalBytes(items, PHOTO, "photo") ?? null;
}
