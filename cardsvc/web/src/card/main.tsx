import "../shared/fonts/fonts.css";
import "../shared/tokens.css";
import "./card.css";
import { render } from "preact";
import { App } from "./app.tsx";
import { askAll, startApplicants } from "./applying.ts";
import { startLanguage } from "./language.ts";
import { startPlace } from "./place.ts";
import { Unkept } from "./store.ts";
import { start } from "./wallet.ts";

const night = matchMedia("(prefers-color-scheme: dark)");
const dress = (): void => {
  document.documentElement.dataset["theme"] = night.matches ? "dark" : "light";
};
night.addEventListener("change", dress);
dress();
startLanguage();
startPlace();

const page = document.getElementById("page");
if (page) render(<App />, page);
startApplicants()
  .then(start)
  .then(askAll)
  .catch((error: unknown) => {
    if (!(error instanceof Unkept)) throw error; // That the frame says.
  });
if (import.meta.env.PROD && "serviceWorker" in navigator) {
  void navigator.serviceWorker.register("/card-worker.js", { scope: "/card" });
}
