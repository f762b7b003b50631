/** What the pages of readers begin with: day or night, the reader of pictures, the device, and the worker. */
import { prepare } from "../../scan/scanner.ts";
import { stayNewest } from "./newest.ts";
import { start } from "./page.ts";
import { language, useLanguage } from "./words.ts";

export function begin(page: "gate" | "seller", idle: () => boolean): void {
  const night = matchMedia("(prefers-color-scheme: dark)");
  const dress = (): void => {
    document.documentElement.dataset["theme"] = night.matches ? "dark" : "light";
  };
  night.addEventListener("change", dress);
  dress();
  useLanguage(language.value);
  prepare().catch(() => undefined); // The camera fetches it again.
  void start();
  if (import.meta.env.PROD && "serviceWorker" in navigator) void stayNewest(page, idle);
}
