/** Lengths of time: said in the largest unit that says enough, and typed as a number and a unit. */
import { language } from "../../shared/i18n/index.ts";

const UNITS = [
  ["day", 86_400, 172_800],
  ["hour", 3_600, 5_400],
  ["minute", 60, 90],
  ["second", 1, 0],
] as const;

/** `7 min`, `2 days`: how long something took, or how old it is. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [unit, size] = UNITS.find(([, , from]) => whole >= from) ?? UNITS[3];
  const style = { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 } as const;
  return new Intl.NumberFormat(language.value, style).format(Math.round(whole / size));
}

export const age = (then: string, now: number = Date.now()): number => (now - Date.parse(then)) / 1000;

export type Unit = "minutes" | "hours" | "days";
export const SIZES: Readonly<Record<Unit, number>> = { minutes: 60, hours: 3_600, days: 86_400 };

/** The largest unit that says it in a whole number; seconds that fit none are said in minutes, rounded up. */
export function inUnits(seconds: number): { readonly amount: number; readonly unit: Unit } {
  for (const unit of ["days", "hours"] as const) {
    if (seconds >= SIZES[unit] && seconds % SIZES[unit] === 0) return { amount: seconds / SIZES[unit], unit };
  }
  return { amount: Math.ceil(seconds / 60), unit: "minutes" };
}
