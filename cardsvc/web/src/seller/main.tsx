import "../shared/fonts/fonts.css";
import "../shared/tokens.css";
import "../shared/ui/held.css";
import "../device/ui/reader.css";
import "./seller.css";
import { render } from "preact";
import { begin } from "../device/ui/main.ts";
import { App, idle } from "./app.tsx";

const page = document.getElementById("page");
if (page) render(<App />, page);
begin("seller", idle);
