/** Whole days as the card counts them: from 2020-01-01, ending at midnight of the issuer's fixed offset. */
export const FIRST_DAY_EPOCH = 1_577_836_800;
export const DAY_S = 86_400;

/** Days from 2020-01-01 to a date written `YYYY-MM-DD`. */
export function dayNumber(date: string): number {
  return (Date.parse(`${date}T00:00:00Z`) / 1000 - FIRST_DAY_EPOCH) / DAY_S;
}

/** The date a day number stands for, as `YYYY-MM-DD`. */
export function dateOf(day: number): string {
  return new Date((FIRST_DAY_EPOCH + DAY_S * day) * 1000).toISOString().slice(0, 10);
}

/** Epoch second at which the day is over: a right is good while now < end (docs/format.md section 3). */
export function endOf(day: number, offsetS: number): number {
  return FIRST_DAY_EPOCH + DAY_S * (day + 1) - offsetS;
}

/** The day number that holds the instant `epochS`. */
export function dayAt(epochS: number, offsetS: number): number {
  return Math.floor((epochS - FIRST_DAY_EPOCH + offsetS) / DAY_S);
}

/** The instant in UTC to the minute, `2026-11-22 08:12Z`. */
export function moment(epochS: number): string {
  if (!(epochS >= 0 && epochS <= 253_402_300_799)) return `${epochS} s, outside the calendar`;
  return `${new Date(epochS * 1000).toISOString().slice(0, 16).replace("T", " ")}Z`;
}

/** From so many of it on, a span is said in the next larger unit: "90 min" says more than "1 h". */
const UNITS = [
  [2 * DAY_S, DAY_S, "days"],
  [2 * 3600, 3600, "h"],
  [120, 60, "min"],
] as const;

/** A number of seconds in the unit people would say it in, rounded down: `45 s`, `3 days`. */
export function span(seconds: number): string {
  const size = Math.abs(seconds);
  for (const [least, unit, name] of UNITS) {
    if (size >= least) return `${Math.floor(size / unit)} ${name}`;
  }
  return `${size} s`;
}
