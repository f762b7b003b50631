/** Coming in: with a passkey; or, where there is none, with a password and the code of the moment. */
import { useState } from "preact/hooks";
import { OIDC_PATH, signInByPasskey, signInByPassword, waysIn, type Session } from "../shared/api/staff.ts";
import { t, told } from "../shared/i18n/index.ts";
import { TextField } from "../shared/ui/fields.tsx";
import { Button, Failure, Note, Title, useLoad, useTask } from "../shared/ui/kit.tsx";
import { enter } from "./session.ts";

/** Why the way through another page led back here; said until somebody is in. */
let refused = new URLSearchParams(location.search).get("refused");
if (refused !== null) history.replaceState(null, "", location.pathname + location.hash);

export function SignIn() {
  const task = useTask();
  const [typed, setTyped] = useState(false);
  const { data: ways } = useLoad(() => waysIn(), []);
  const back = refused && told("reason", refused);
  const come = (way: () => Promise<Session>) =>
    task.run(async () => {
      enter(await way());
      refused = null;
    });
  return (
    <section class="gate">
      <Title k="signin.title" sub={t("signin.sub")} />
      <Button kind="primary" busy={task.busy} onClick={() => void come(signInByPasskey)}>
        {t("signin.passkey")}
      </Button>
      {task.failure !== null && <Failure of={task.failure} />}
      {task.failure === null && back && <Note tone="deny">{back}</Note>}
      {ways?.oidc && <a class="button plain" href={OIDC_PATH}><span>{t("signin.oidc")}</span></a>}
      {typed ? <PasswordForm busy={task.busy} come={come} /> : <Button kind="quiet" onClick={() => setTyped(true)}>{t("signin.otherwise")}</Button>}
      <p class="hint">{t("signin.help")}</p>
    </section>
  );
}

interface PasswordProps {
  readonly busy: boolean;
  readonly come: (way: () => Promise<Session>) => Promise<void>;
}

function PasswordForm({ busy, come }: PasswordProps) {
  const [staff, setStaff] = useState("");
  const [password, setPassword] = useState("");
  const [totp, setTotp] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    void come(() => signInByPassword(staff.trim(), password, totp.replace(/\s/g, "")));
  };
  return (
    <form onSubmit={submit}>
      <TextField label={t("signin.staff")} value={staff} change={setStaff} input={{ autocomplete: "username", required: true, autofocus: true }} />
      <TextField label={t("signin.password")} value={password} change={setPassword} input={{ type: "password", autocomplete: "current-password", required: true }} />
      <TextField label={t("signin.totp")} hint={t("signin.totp.hint")} value={totp} change={setTotp} input={{ inputMode: "numeric", autocomplete: "one-time-code", required: true, maxLength: 7 }} />
      <Button kind="plain" type="submit" busy={busy}>{t("signin.go")}</Button>
    </form>
  );
}
