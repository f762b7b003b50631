/** What can be pressed here, and the words a new colleague needs. */
import { useState } from "preact/hooks";
import { t, type Key } from "../shared/i18n/index.ts";
import { shortcutsHere, singleKeys } from "../shared/keys.ts";
import { Dialog, Kbd } from "../shared/ui/kit.tsx";
import { may } from "./state.ts";

const TOPICS: readonly Key[] = ["help.new", "help.portrait", "help.save", "help.duplicate", "help.approve", "help.print", "help.lost"];
const shown = (key: string): string => key.replace("ctrl+enter", "Ctrl+⏎").replace("escape", "Esc").toUpperCase().replace("CTRL", "Ctrl").replace("ESC", "Esc");

export function Help({ close }: { close: () => void }) {
  const [on, setOn] = useState(singleKeys.on);
  return (
    <Dialog title={t("nav.help")} close={close} wide>
      <div class="help">
        <section>
          <h3>{t("help.keys")}</h3>
          <dl class="keys">
            {shortcutsHere().map((one) => <div key={one.key}><dt><Kbd keys={shown(one.key)} /><span class="unseen">{shown(one.key)}</span></dt><dd>{one.words()}</dd></div>)}
          </dl>
          <label class="tick bare">
            <input type="checkbox" checked={on} onChange={(event) => {
              singleKeys.on = event.currentTarget.checked;
              setOn(singleKeys.on);
            }} />
            {t("help.single")}
          </label>
          {may("clerk") && <p class="hint">{t("help.reader")}</p>}
        </section>
        <section>
          {TOPICS.map((topic) => (
            <details key={topic} name="help">
              <summary>{t(topic)}</summary>
              <p>{t(`${topic}.words` as Key)}</p>
            </details>
          ))}
        </section>
      </div>
    </Dialog>
  );
}
