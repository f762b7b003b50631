/** Sentences in large letters, to turn the phone around and show. */
import { signal } from "@preact/signals";
import type { WholeView } from "../reader/verdict.ts";
import { LANGUAGES, OWN_NAMES, PHRASES, RIGHT_TO_LEFT, TOPICS, holderLanguage } from "./phrases.ts";
import type { HolderLanguage } from "./phrases.ts";
import { sheet, shown } from "./state.ts";
import { WORDS, language, say } from "./words.ts";

const chosen = signal<HolderLanguage | null>(null);

export function PhraseBook() {
  const view = shown.value?.verdict.view as WholeView | null | undefined;
  const spoken = chosen.value ?? holderLanguage(view?.language_native, view?.nationality);
  const rightToLeft = RIGHT_TO_LEFT.has(spoken);
  return (
    <section class="sheet phrases" aria-label={say(WORDS.phrases)}>
      <div class="languages" role="group" aria-label={say(WORDS.phrases)}>
        {LANGUAGES.map((one) => (
          <button type="button" key={one} lang={one} aria-pressed={one === spoken} onClick={() => (chosen.value = one)}>
            {OWN_NAMES[one]}
          </button>
        ))}
      </div>
      <ul>
        {TOPICS.map((topic) => (
          <li key={topic}>
            <p lang={spoken} dir={rightToLeft ? "rtl" : "ltr"}>
              {PHRASES[spoken][topic]}
            </p>
            {spoken === language.value ? null : <small>{PHRASES[language.value][topic]}</small>}
          </li>
        ))}
      </ul>
      <footer class="foot">
        <button
          type="button"
          class="next"
          onClick={() => {
            chosen.value = null;
            sheet.value = "none";
          }}
        >
          {say(WORDS.close)}
        </button>
      </footer>
    </section>
  );
}
