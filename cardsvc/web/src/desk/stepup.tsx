/** Some acts want a fresh proof of who is there: the passkey asks by itself, a code is asked for here. */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { whenStepUp } from "../shared/api/http.ts";
import { NoPasskey } from "../shared/api/passkey.ts";
import { stepUp } from "../shared/api/staff.ts";
import { t } from "../shared/i18n/index.ts";
import { TextField } from "../shared/ui/fields.tsx";
import { Button, Dialog } from "../shared/ui/kit.tsx";

/** Who waits for a code: given one, or told that nobody typed it. */
const asked = signal<{ give: (code: string) => void; leave: () => void } | null>(null);

whenStepUp(() =>
  stepUp(
    () =>
      new Promise((resolve, reject) => {
        asked.value = { give: resolve, leave: () => reject(new NoPasskey()) };
      }),
  ),
);

export function StepUp() {
  const [code, setCode] = useState("");
  const waiting = asked.value;
  if (!waiting) return null;
  const close = (end: () => void) => {
    asked.value = null;
    setCode("");
    end();
  };
  const send = (event: Event) => {
    event.preventDefault();
    close(() => waiting.give(code.replace(/\s/g, "")));
  };
  return (
    <Dialog title={t("signin.again")} close={() => close(waiting.leave)}>
      <form onSubmit={send}>
        <p>{t("signin.again.sub")}</p>
        <TextField label={t("signin.totp")} hint={t("signin.totp.hint")} value={code} change={setCode} input={{ inputMode: "numeric", autocomplete: "one-time-code", required: true, autofocus: true }} />
        <footer class="row"><Button kind="primary" type="submit">{t("act.continue")}</Button></footer>
      </form>
    </Dialog>
  );
}
