/** Days as the issuer counts them: they end at its midnight, wherever the phone is and whatever its clock shows. */
import { signal } from "@preact/signals";
import { dateOf, dayAt, dayNumber } from "../reader/days.ts";
import { now } from "./service.ts";
import { get, put } from "./store.ts";

const KEPT = "day-offset";
/** Seconds that the issuer's midnight is before that of UTC; +08:00 until the service has said. */
const offset = signal(8 * 3600);

export async function startDays(): Promise<void> {
  offset.value = (await get<number>("choices", KEPT)) ?? offset.value;
}

/** A service that is older than this page does not say it. */
export async function learnDays(seconds = offset.value): Promise<void> {
  if (seconds === offset.value) return;
  offset.value = seconds;
  await put("choices", KEPT, seconds);
}

/** The day so many days from today, YYYY-MM-DD. */
export const dayIn = (days: number): string => dateOf(dayAt(now(), offset.value) + days);
/** The day that holds an instant in epoch seconds. */
export const dayOf = (time: number): string => dateOf(dayAt(time, offset.value));
/** How many days from today a day is. */
export const daysUntil = (day: string): number => dayNumber(day) - dayAt(now(), offset.value);
