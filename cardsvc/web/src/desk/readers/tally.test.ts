import { expect, it } from "vitest";
import type { UseRow } from "../../shared/api/readers.ts";
import { buckets, by, ceiling, total } from "./tally.ts";

const row = (hour: string, verdict: UseRow["verdict"], count: number, more: Partial<UseRow> = {}): UseRow => ({
  hour, verdict, count, venue: "bus", service: "bus", direction: "in", reason: verdict === "allow" ? "ok" : "expired", opened: verdict === "allow", ...more,
});
const FIRST = Date.parse("2026-03-01T16:00:00Z");
const ROWS = [
  row("2026-03-01T16:00:00Z", "allow", 3),
  row("2026-03-01T16:00:00Z", "deny", 1),
  row("2026-03-01T18:00:00Z", "attention", 2, { venue: "library" }),
  row("2026-03-02T16:00:00Z", "allow", 5),
];

it("has a bucket for each hour, also where nobody came", () => {
  const found = buckets(ROWS, FIRST, FIRST + 4 * 3_600_000, "hour");
  expect(found.map((one) => [one.counts.allow, one.counts.attention, one.counts.deny])).toEqual([[3, 0, 1], [0, 0, 0], [0, 2, 0], [0, 0, 0]]);
});

it("has days that begin where the city's day does", () => {
  const found = buckets(ROWS, FIRST, FIRST + 2 * 86_400_000, "day");
  expect(found.map((one) => one.counts.allow)).toEqual([3, 5]);
});

it("puts counts together, largest first", () => {
  expect(by(ROWS, (one) => one.venue).map((one) => [one.name, one.all])).toEqual([["bus", 9], ["library", 2]]);
  expect(total(ROWS)).toEqual({ allow: 8, attention: 2, deny: 1 });
  expect(total([])).toEqual({ allow: 0, attention: 0, deny: 0 });
});

it("ends the scale at a round number", () => {
  expect([0, 4, 5, 9, 11, 37, 215, 501, 1000].map(ceiling)).toEqual([4, 4, 6, 10, 20, 40, 300, 600, 1000]);
});
