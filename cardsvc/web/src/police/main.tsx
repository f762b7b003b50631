import "../shared/fonts/fonts.css";
import "../shared/tokens.css";
import "../shared/ui/held.css";
import "./police.css";
import "./sheets.css";
import { render } from "preact";
import { prepare } from "../scan/scanner.ts";
import { App } from "./app.tsx";
import { errands, openPhone } from "./phone.ts";
import { ask, resume } from "./shift.ts";
import { broken, watch } from "./state.ts";
import { startTheme } from "./theme.ts";

startTheme();
const page = document.getElementById("page");
if (page) render(<App />, page);
prepare().catch(() => undefined); // The camera fetches it again.
watch(() => void Promise.all([errands(), ask()]));
// What was kept judges at once; the network may bring something newer meanwhile.
void Promise.all([openPhone(), resume()]).then(errands, (error: unknown) => {
  broken.value = error instanceof DOMException ? "state_unwritable" : "reader_fault";
  console.error(error);
});
if (import.meta.env.PROD && "serviceWorker" in navigator) {
  void navigator.serviceWorker.register("/police-worker.js", { scope: "/police" });
}
