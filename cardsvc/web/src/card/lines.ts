/**
 * The machine-readable lines of passports and identity cards (ICAO Doc 9303 parts 3 to 6), as far as somebody who
 * types them is helped: which line holds a slip, and what the lines say. The service judges again.
 */
export interface Slip {
  readonly field: string;
  /** Counted from 1. */
  readonly line: number;
}
/** Lines that are whole; `fields` are those of an application, there as soon as nothing is wrong. */
export interface Lines {
  readonly lines: readonly string[];
  readonly slips: readonly Slip[];
  readonly fields: Readonly<Record<string, string>> | null;
}

/** A place in the lines: which line, from where, to where. */
type Place = readonly [line: number, from: number, to: number];
interface Layout {
  readonly count: number;
  readonly length: number;
  readonly state: Place;
  readonly name: Place;
  readonly number: Place;
  readonly nationality: Place;
  readonly birth: Place;
  readonly sex: Place;
  readonly expiry: Place;
  /** Where the rest of a long number begins; a passport book has none. */
  readonly overflow?: Place;
  /** Optional data with a check digit of its own. */
  readonly personal?: Place;
  readonly whole: readonly Place[];
}

const TD3: Layout = {
  count: 2, length: 44, state: [0, 2, 5], name: [0, 5, 44], number: [1, 0, 9], nationality: [1, 10, 13], birth: [1, 13, 19], sex: [1, 20, 21],
  expiry: [1, 21, 27], personal: [1, 28, 42], whole: [[1, 0, 10], [1, 13, 20], [1, 21, 43]],
}; // prettier-ignore
const TD2: Layout = {
  count: 2, length: 36, state: [0, 2, 5], name: [0, 5, 36], number: [1, 0, 9], nationality: [1, 10, 13], birth: [1, 13, 19], sex: [1, 20, 21],
  expiry: [1, 21, 27], overflow: [1, 28, 35], whole: [[1, 0, 10], [1, 13, 20], [1, 21, 35]],
}; // prettier-ignore
const TD1: Layout = {
  count: 3, length: 30, state: [0, 2, 5], name: [2, 0, 30], number: [0, 5, 14], nationality: [1, 15, 18], birth: [1, 0, 6], sex: [1, 7, 8],
  expiry: [1, 8, 14], overflow: [0, 15, 30], whole: [[0, 5, 30], [1, 0, 7], [1, 8, 15], [1, 18, 29]],
}; // prettier-ignore
const LAYOUTS = [TD3, TD2, TD1];

const FILLER = "<";
const VALUES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/** Part 3 section 4.9: the weights repeat, letters count from 10, the filler counts nothing. */
const WEIGHTS = [7, 3, 1];
/** An expiry lies within so many years of today, as its century is not written. */
const EXPIRY_YEARS = 50;

export function checkDigit(text: string): number {
  return [...text].reduce((sum, sign, at) => sum + Math.max(0, VALUES.indexOf(sign)) * WEIGHTS[at % 3]!, 0) % 10;
}

/** One line each: as they were typed, or cut where a hand scanner sent them all in one. */
export function split(text: string): string[] {
  const lines = text.toUpperCase().split(/\s+/).filter(Boolean);
  const [only = ""] = lines;
  const layout = LAYOUTS.find(({ count, length }) => only.length === count * length);
  if (lines.length !== 1 || layout === undefined) return lines;
  return Array.from({ length: layout.count }, (_, at) => only.slice(at * layout.length, (at + 1) * layout.length));
}

/** What the lines say; null while they are not whole, or hold what no passport prints. */
export function read(lines: readonly string[], today: Date): Lines | null {
  const layout = LAYOUTS.find(({ count, length }) => lines.length === count && lines.every((line) => line.length === length));
  if (layout === undefined || !lines.every((line) => /^[A-Z0-9<]+$/.test(line))) return null;
  const at = ([line, from, to]: Place): string => lines[line]?.slice(from, to) ?? "";
  const after = ([line, , to]: Place): string => lines[line]?.[to] ?? "";
  const slips: Slip[] = [];
  const check = (field: string, place: Place, fits: boolean): void => {
    if (!fits) slips.push({ field, line: place[0] + 1 });
  };
  const plain = (place: Place): boolean => after(place) === String(checkDigit(at(place)));

  const long = after(layout.number) === FILLER && layout.overflow !== undefined ? longNumber(at(layout.number), at(layout.overflow)) : null;
  check("passport", layout.number, long === null ? plain(layout.number) : long.fits);
  check("birth", layout.birth, plain(layout.birth));
  check("passport_expiry", layout.expiry, plain(layout.expiry));
  if (layout.personal !== undefined) check("mrz", layout.personal, plain(layout.personal) || empty(at(layout.personal), after(layout.personal)));
  const last = layout.whole.at(-1)!;
  if (slips.length === 0) check("mrz", last, after(last) === String(checkDigit(layout.whole.map(at).join(""))));
  const [surname = "", given = ""] = at(layout.name).replace(/<+$/, "").split("<<").map((part) => part.replace(/</g, " ").trim());
  check("surname", layout.name, surname + given !== "" && !/\d/.test(surname + given));
  check("sex", layout.sex, /[MF<]/.test(at(layout.sex)));
  const fields = {
    surname: surname || given,
    given_names: surname ? given : "",
    passport: long?.number ?? at(layout.number).replace(/<+$/, ""),
    passport_country: country(at(layout.state)),
    nationality: country(at(layout.nationality)),
    birth: day(at(layout.birth), (year) => (year > today.getUTCFullYear() ? year - 100 : year), today),
    sex: at(layout.sex) === FILLER ? "X" : at(layout.sex),
    passport_expiry: day(at(layout.expiry), (year) => (year > today.getUTCFullYear() + EXPIRY_YEARS ? year - 100 : year), today),
  };
  return { lines, slips, fields: slips.length === 0 ? fields : null };
}

/** Parts 5 and 6: a filler in place of the check digit, the rest of the number, its digit and a filler behind. */
function longNumber(head: string, overflow: string): { number: string; fits: boolean } | null {
  const rest = overflow.split(FILLER)[0] ?? "";
  if (rest === "") return null;
  const [tail, digit] = [rest.slice(0, -1), rest.slice(-1)];
  // Some states count the first filler as a place, some do not.
  const fits = tail !== "" && [FILLER, ""].some((gap) => digit === String(checkDigit(head + gap + tail)));
  return { number: head + tail, fits };
}

const empty = (data: string, digit: string): boolean => /^<*$/.test(data) && /^[<0]?$/.test(digit);
/** Germany alone writes one letter. */
const country = (code: string): string => (code === "D<<" ? "DEU" : code.replace(/<+$/, ""));

/** YYMMDD as YYYY-MM-DD; empty for what is no day, which the resident then types. */
function day(text: string, century: (year: number) => number, today: Date): string {
  const [, yy = "", mm = "", dd = ""] = /^(\d\d)(\d\d)(\d\d)$/.exec(text) ?? [];
  const first = today.getUTCFullYear() - (today.getUTCFullYear() % 100);
  const written = `${century(first + Number(yy))}-${mm}-${dd}`;
  return Number.isNaN(Date.parse(written)) ? "" : written;
}
