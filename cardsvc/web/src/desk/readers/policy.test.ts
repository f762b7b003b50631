import { expect, it } from "vitest";
import { BEGIN, changed, clock, daysOf, daysText, isClock, merge, same, withSetting, wrong } from "./policy.ts";
import { positionOf, positionText } from "./position.ts";
import { inUnits } from "./spans.ts";

it("sees what changed, and not what only says nothing in another way", () => {
  expect(changed(BEGIN, { ...BEGIN, hours: [], quota: null, hotlist: false })).toEqual([]);
  expect(changed(BEGIN, { ...BEGIN, accept: [...BEGIN.accept].reverse() })).toEqual([]);
  expect(changed(BEGIN, { ...BEGIN, staffed: true, name: "Door" })).toEqual(["name", "staffed"]);
  expect(same([{ days: "mon", from: "08:00", to: "09:00" }], [{ days: "mon", from: "08:00", to: "10:00" }])).toBe(false);
});

it("puts two people's edits together, and asks only where both changed the same", () => {
  const theirs = { ...BEGIN, name: "Theirs", stale_after_s: 3600 };
  const mine = { ...BEGIN, name: "Mine", staffed: true };
  const { config, clashes } = merge(BEGIN, theirs, mine);
  expect(clashes).toEqual(["name"]);
  expect(config).toMatchObject({ name: "Mine", staffed: true, stale_after_s: 3600 });
  expect(merge(BEGIN, theirs, { ...BEGIN, name: "Theirs" }).clashes).toEqual([]);
  expect(merge(BEGIN, { ...BEGIN, quota: { count: 2, period_s: 60 } }, withSetting(BEGIN, "passback_s", 60)).config).toMatchObject({
    quota: { count: 2, period_s: 60 },
    passback_s: 60,
  });
});

it("reads times and days as people type them", () => {
  expect(["8", "0830", "8.30", "８：３０", "24", "7:05"].map(clock)).toEqual(["08:00", "08:30", "08:30", "08:30", "24:00", "07:05"]);
  expect(["08:00", "24:00", "25:00", "24:30", "noon"].map(isClock)).toEqual([true, true, false, false, false]);
  expect(daysOf({ days: "sat", from: "", to: "" })).toEqual(["sat", "sat"]);
  expect(daysText(...daysOf({ days: "mon-fri", from: "", to: "" }))).toBe("mon-fri");
});

it("names what cannot be saved", () => {
  expect(wrong({ ...BEGIN, name: "Door" })).toEqual([]);
  const bad = { ...BEGIN, accept: [], stale_after_s: 10, expired_after_s: 5, hours: [{ days: "mon", from: "8", to: "20:00" }], quota: { count: 0, period_s: 1 } };
  expect(wrong(bad)).toEqual(["name", "accept", "expired_after_s", "hours", "quota"]);
});

it("says lengths of time in the largest whole unit, and never shorter than they are", () => {
  expect([60, 90, 3_600, 5_400, 86_400, 604_800].map(inUnits)).toEqual([
    { amount: 1, unit: "minutes" },
    { amount: 2, unit: "minutes" },
    { amount: 1, unit: "hours" },
    { amount: 90, unit: "minutes" },
    { amount: 1, unit: "days" },
    { amount: 7, unit: "days" },
  ]);
});

it("reads positions as maps give them", () => {
  expect(positionOf("29.3060, 120.0750")).toEqual({ latitude: 29.306, longitude: 120.075 });
  expect(positionOf(" -3.1，-60 ")).toEqual({ latitude: -3.1, longitude: -60 });
  expect(positionOf("")).toBeNull();
  expect([positionOf("95, 10"), positionOf("29.3"), positionOf("here")]).toEqual([undefined, undefined, undefined]);
  expect(positionText({ latitude: 29.3, longitude: 120.07 })).toBe("29.30000, 120.07000");
});
