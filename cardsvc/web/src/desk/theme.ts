/** Light or dark: the machine's choice until somebody chooses here. */
import { signal } from "@preact/signals";
import { remember, remembered } from "../shared/remembered.ts";

export type Theme = "light" | "dark";
const KEPT = "desk.theme";
const night = matchMedia("(prefers-color-scheme: dark)");

export const theme = signal<Theme>("light");

function chosen(): Theme {
  const kept = remembered(KEPT);
  return kept === "light" || kept === "dark" ? kept : night.matches ? "dark" : "light";
}
function show(): void {
  theme.value = chosen();
  document.documentElement.dataset["theme"] = theme.value;
}

export function startTheme(): void {
  night.addEventListener("change", show);
  show();
}
export function switchTheme(): void {
  remember(KEPT, theme.value === "light" ? "dark" : "light");
  show();
}
