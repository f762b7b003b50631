/** The officer's page: one screen to scan, one verdict, one button for the next. */
import { useSignalEffect } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { listenToScanner } from "../scan/scanner.ts";
import { Begin, SetUp } from "./begin.tsx";
import { ChecksSheet } from "./checks.tsx";
import { Data } from "./data.tsx";
import { Hotlist, NewHot } from "./hotlist.tsx";
import { FoundSheet, LookUp } from "./lookup.tsx";
import { Menu } from "./menu.tsx";
import { phone } from "./phone.ts";
import { PhraseBook } from "./phrasebook.tsx";
import { Requests } from "./requests.tsx";
import { Scan } from "./scan.tsx";
import { reasonWords } from "./reasons.ts";
import { judge, shift } from "./shift.ts";
import { broken, online, sheet, shown, tick } from "./state.ts";
import { VerdictScreen } from "./verdict.tsx";
import { WORDS, age, language, other, otherLanguage, say, useLanguage } from "./words.ts";

export function App() {
  useSignalEffect(() => {
    document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
  });
  return (
    <div class="screen">
      <TopBar />
      <main>
        <Main />
      </main>
    </div>
  );
}

function Main() {
  if (shift.value === "starting" || phone.value === null || phone.value.stage.value === "starting") {
    return broken.value === null ? null : <p class="sheet" role="alert">{say(reasonWords(broken.value))}</p>;
  }
  if (shift.value === null) return <Begin />;
  return phone.value.stage.value === "ready" ? <OnDuty /> : <SetUp />;
}

function OnDuty() {
  const scanning = sheet.value === "none";
  // A hand scanner that types works on the verdict, too: the next card needs no touch.
  useLayoutEffect(() => (scanning ? listenToScanner((text) => void judge(text)) : undefined), [scanning]);
  switch (sheet.value) {
    case "menu":
      return <Menu />;
    case "phrases":
      return <PhraseBook />;
    case "checks":
      return <ChecksSheet />;
    case "data":
      return <Data />;
    case "look-up":
      return <LookUp />;
    case "found":
      return <FoundSheet />;
    case "requests":
      return <Requests />;
    case "hotlist":
      return <Hotlist />;
    case "new-hot":
      return <NewHot />;
    default:
      return shown.value === null ? <Scan /> : <VerdictScreen of={shown.value} />;
  }
}

/** Where the age of the data stands, on every screen the same. */
function TopBar() {
  const held = phone.value?.trust.value ?? null;
  const made = shown.value?.verdict.data_age_s ?? (held === null ? null : Math.max(0, tick.value - held.iat));
  // No answer is no fault of this phone: the age of the data says enough.
  const trouble = ![undefined, "unreachable"].includes(phone.value?.refusal.value?.reason);
  const toggle = (): void => {
    sheet.value = sheet.value === "data" ? "none" : "data";
  };
  return (
    <header class="top">
      <h1>
        {say(WORDS.check)} <span lang={otherLanguage()}>{other(WORDS.check)}</span>
      </h1>
      <button type="button" class="data" disabled={held === null || shift.value === null} onClick={toggle}>
        <span class={trouble ? "dot trouble" : "dot"} aria-hidden="true" />
        {say(online() ? WORDS.online : WORDS.offline)}
        {made === null ? null : ` · ${say(WORDS.data)} ${age(made)}`}
      </button>
      <button type="button" class="language" lang={otherLanguage()} onClick={() => useLanguage(otherLanguage())}>
        {say(WORDS.language)}
      </button>
    </header>
  );
}
