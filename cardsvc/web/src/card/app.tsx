/** The frame around every screen: the languages above, the bar below. */
import { useEffect } from "preact/hooks";
import { language, LANGUAGES, NAMES, tag, useLanguage, type Language } from "./language.ts";
import { link, place } from "./place.ts";
import { FIRST, SCREENS, TABS } from "./screens/index.tsx";
import { fails } from "./store.ts";
import { Wrong } from "./ui.tsx";
import { keepers, ready } from "./wallet.ts";
import { say } from "./words/index.ts";

export function App() {
  const [head = FIRST, ...rest] = place.value;
  const name = head in SCREENS ? head : FIRST;
  const screen = SCREENS[name];
  useEffect(() => {
    document.title = `${say("title")} · 商友卡`;
  }, [language.value]);
  useEffect(() => scrollTo(0, 0), [name]);
  return (
    <div class="phone" lang={tag(language.value)}>
      <header>
        <span class="stamp" lang="zh-CN" aria-hidden="true">义</span>
        <span class="brand">{say("title")}</span>
        <LanguageChoice />
      </header>
      <div class="unkept"><Wrong of={fails() ? "wrong.storage" : null} /></div>
      <main key={place.value.join("/")}>{ready.value && screen?.show(rest)}</main>
      {ready.value && keepers.value.length > 0 && <Bar current={screen?.tab ?? FIRST} />}
    </div>
  );
}

function LanguageChoice() {
  return (
    <select aria-label={say("language")} value={language.value} onChange={(event) => useLanguage(event.currentTarget.value as Language)}>
      {LANGUAGES.map((one, at) => (
        <option key={one} value={one} lang={tag(one)}>{NAMES[at]}</option>
      ))}
    </select>
  );
}

function Bar({ current }: { readonly current: string }) {
  return (
    <nav class="tabs" aria-label={say("nav.label")}>
      {TABS.map(({ name, words, icon }) => (
        <a key={name} href={link(name)} aria-current={name === current ? "page" : undefined}>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d={icon} /></svg>
          <span>{say(words)}</span>
        </a>
      ))}
    </nav>
  );
}
