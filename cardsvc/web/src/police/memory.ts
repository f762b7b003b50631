/** What the service told of people and is to be asked about them: in memory alone, and gone with the shift. */
import { signal } from "@preact/signals";
import type { Details, Found, Vouched } from "../shared/api/police.ts";

/** Details after a scan, of the verdict on the screen. */
export const details = signal<Details | null>(null);
/** Whether details were open for this verdict, and their time is over. */
export const detailsOver = signal(false);
/** Whom a look-up found; `until` is an instant of the service's, in epoch seconds. */
export const found = signal<{ readonly people: readonly Found[]; readonly until: number } | null>(null);
/** Whom an officer is about to look up, and why. */
export const NOBODY = { by: "passport", passport: "", country: "", card: "", name: "", birth: "", covert: "" };
export const sought = signal(NOBODY);
const NO_CASE: Vouched = { purpose: "identity", case_number: "" };
export const soughtFor = signal(NO_CASE);
/** Who is to be put on the hotlist, and why. */
export const NO_CARD = { card: "", until: "" };
export const hot = signal(NO_CARD);
const NO_HOT_CASE: Vouched = { purpose: "wanted", case_number: "" };
export const hotFor = signal(NO_HOT_CASE);
/** How many requests of others wait for this officer's passkey. */
export const pending = signal(0);

export function forgetDetails(): void {
  details.value = null;
  detailsOver.value = false;
}

/** Whoever takes this phone next learns neither what was told nor what was about to be asked. */
export function forgetPeople(): void {
  forgetDetails();
  found.value = null;
  sought.value = NOBODY;
  soughtFor.value = NO_CASE;
  hot.value = NO_CARD;
  hotFor.value = NO_HOT_CASE;
}

/** Close what has been open for long enough; `time` is the service's, in epoch seconds. */
export function closeExpired(time: number): void {
  if (details.value !== null && Date.parse(details.value.until) / 1000 <= time) {
    details.value = null;
    detailsOver.value = true;
  }
  if (found.value !== null && found.value.until <= time) found.value = null;
}
