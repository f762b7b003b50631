/** Counts of verdicts put together for plots and tables. */
import type { UseRow, Verdict } from "../../shared/api/readers.ts";

export const VERDICTS: readonly Verdict[] = ["allow", "attention", "deny"];
export type Counts = Readonly<Record<Verdict, number>>;
const NONE: Counts = { allow: 0, attention: 0, deny: 0 };

export interface Bucket {
  readonly at: number;
  readonly counts: Counts;
}

const HOUR_MS = 3_600_000;

/** One bucket for each hour, or each day that begins at `first`, empty ones too; `at` in epoch milliseconds. */
export function buckets(rows: readonly UseRow[], first: number, last: number, by: "hour" | "day"): Bucket[] {
  const step = by === "hour" ? HOUR_MS : 24 * HOUR_MS;
  const found: { at: number; counts: Record<Verdict, number> }[] = [];
  for (let at = first; at < last; at += step) found.push({ at, counts: { ...NONE } });
  for (const row of rows) {
    const bucket = found[Math.floor((Date.parse(row.hour) - first) / step)];
    if (bucket) bucket.counts[row.verdict] += row.count;
  }
  return found;
}

/** Counts by whatever a row belongs to, largest first. */
export function by(rows: readonly UseRow[], of: (row: UseRow) => string): { readonly name: string; readonly counts: Counts; readonly all: number }[] {
  const sums = new Map<string, Record<Verdict, number>>();
  for (const row of rows) {
    const counts = sums.get(of(row)) ?? { ...NONE };
    counts[row.verdict] += row.count;
    sums.set(of(row), counts);
  }
  return [...sums].map(([name, counts]) => ({ name, counts, all: sum(counts) })).sort((one, other) => other.all - one.all || one.name.localeCompare(other.name));
}

export const sum = (counts: Counts): number => VERDICTS.reduce((all, one) => all + counts[one], 0);
export const total = (rows: readonly UseRow[]): Counts => by(rows, () => "")[0]?.counts ?? NONE;

/** The least round number that nothing is above, and whose half is whole. */
export function ceiling(largest: number): number {
  if (largest <= 4) return 4;
  if (largest <= 10) return Math.ceil(largest / 2) * 2;
  const power = 10 ** Math.floor(Math.log10(largest));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((one) => one * power).find((one) => one >= largest) ?? 10 * power;
}
