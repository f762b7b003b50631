/** By day, by night, and in the sun: black on white, whatever the phone is set to. */
import { effect, signal } from "@preact/signals";
import { remember, remembered } from "../shared/remembered.ts";

const KEPT = "police.sun";

export const sunlight = signal(remembered(KEPT) === "yes");

export function useSunlight(on: boolean): void {
  remember(KEPT, on ? "yes" : "no");
  sunlight.value = on;
}

export function startTheme(): void {
  const night = matchMedia("(prefers-color-scheme: dark)");
  const dark = signal(night.matches);
  night.addEventListener("change", () => (dark.value = night.matches));
  effect(() => {
    const { dataset } = document.documentElement;
    dataset["theme"] = dark.value && !sunlight.value ? "dark" : "light";
    dataset["sun"] = sunlight.value ? "yes" : "no";
  });
}
