import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { dayIn, dayOf, daysUntil, learnDays, startDays } from "./days.ts";

const at = (instant: string): void => void vi.setSystemTime(new Date(instant));

describe("days end at the issuer's midnight", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));

  it("by +08:00 until the service has said", () => {
    at("2026-11-21T15:59:59Z");
    expect([daysUntil("2026-11-21"), daysUntil("2026-11-22")]).toEqual([0, 1]);
    at("2026-11-21T16:00:00Z");
    expect([daysUntil("2026-11-21"), daysUntil("2026-11-22")]).toEqual([-1, 0]);
    expect([dayIn(0), dayIn(60)]).toEqual(["2026-11-22", "2027-01-21"]);
    expect(dayOf(Date.parse("2026-11-22T23:59:00+08:00") / 1000)).toBe("2026-11-22");
  });

  it("by another issuer's own, which is remembered", async () => {
    at("2026-11-21T20:00:00Z");
    await learnDays(-5 * 3600);
    expect(daysUntil("2026-11-21")).toBe(0);
    await startDays();
    expect(dayIn(1)).toBe("2026-11-22");
  });
});
