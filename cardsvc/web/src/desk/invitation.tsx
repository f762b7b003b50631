/** A new colleague's first minute: who one is here, then a passkey, or a password with a code. */
import { useEffect, useMemo, useState } from "preact/hooks";
import * as api from "../shared/api/staff.ts";
import { minute, t } from "../shared/i18n/index.ts";
import { TextField } from "../shared/ui/fields.tsx";
import { Button, Failure, Note, Title, useLoad, useTask } from "../shared/ui/kit.tsx";
import { enter } from "./session.ts";
import { go } from "./state.ts";

/** As the service asks of a password (NIST SP 800-63B section 5.1.1.2 wants length, not kinds of letters). */
const SHORTEST_PASSWORD = 12;

export function InvitationScreen({ code }: { code: string }) {
  const { data, failure } = useLoad(() => api.invitation(code), [code]);
  const task = useTask();
  const [label, setLabel] = useState("");
  const [typed, setTyped] = useState(false);
  const come = (made: api.Session) => {
    go("");
    enter(made);
  };
  if (failure) {
    return (
      <section class="gate">
        <Title k="invitation.title" />
        <Failure of={failure} />
        <p>{t("invitation.ask")}</p>
      </section>
    );
  }
  if (!data) return <p class="mute">{t("state.loading")}</p>;
  return (
    <section class="gate">
      <Title k="invitation.title" sub={t("invitation.until", { when: minute(data.expires) })} />
      <dl class="facts">
        <dt>{t("staff.name")}</dt><dd><bdi>{data.name}</bdi></dd>
        <dt>{t("signin.staff")}</dt><dd>{data.staff}</dd>
        <dt>{t("staff.role")}</dt><dd>{t(`role.${data.role}`)}</dd>
        <dt>{t("staff.office")}</dt><dd><bdi>{data.office}</bdi></dd>
      </dl>
      {data.founder && <Note tone="attention">{t("invitation.founder")}</Note>}
      <p>{t("invitation.why")}</p>
      <TextField label={t("invitation.label")} hint={t("invitation.label.hint")} value={label} change={setLabel} input={{ maxLength: 60 }} />
      <Button kind="primary" busy={task.busy} onClick={() => void task.run(async () => come(await api.enrolPasskey(code, label.trim() || t("invitation.label.default"))))}>
        {t("invitation.passkey")}
      </Button>
      {task.failure !== null && <Failure of={task.failure} />}
      {data.passwords && (typed ? <PasswordWay code={code} come={come} /> : <Button kind="quiet" onClick={() => setTyped(true)}>{t("signin.otherwise")}</Button>)}
    </section>
  );
}

function PasswordWay({ code, come }: { code: string; come: (made: api.Session) => void }) {
  const task = useTask();
  const [password, setPassword] = useState("");
  const [offer, setOffer] = useState<api.TotpOffer | null>(null);
  const [totp, setTotp] = useState("");
  const submit = (event: Event) => {
    event.preventDefault();
    void task.run(async () => {
      if (offer) come(await api.confirmPassword(code, offer.flow, totp.replace(/\s/g, "")));
      else setOffer(await api.choosePassword(code, password));
    });
  };
  return (
    <form onSubmit={submit}>
      {offer ? (
        <>
          <p>{t("invitation.scan")}</p>
          <Svg text={offer.totp_svg} />
          <details><summary>{t("invitation.secret")}</summary><code class="wrap">{offer.totp_uri}</code></details>
          <TextField label={t("signin.totp")} value={totp} change={setTotp} input={{ inputMode: "numeric", autocomplete: "one-time-code", required: true, maxLength: 7 }} />
        </>
      ) : (
        <TextField label={t("signin.password")} hint={t("invitation.password.hint", { n: SHORTEST_PASSWORD })} value={password} change={setPassword} input={{ type: "password", autocomplete: "new-password", required: true, minLength: SHORTEST_PASSWORD }} />
      )}
      {task.failure !== null && <Failure of={task.failure} />}
      <Button type="submit" busy={task.busy}>{t(offer ? "invitation.confirm" : "act.continue")}</Button>
    </form>
  );
}

/** A drawing that came as text, shown as a picture: nothing in it can run. */
function Svg({ text }: { text: string }) {
  const url = useMemo(() => URL.createObjectURL(new Blob([text], { type: "image/svg+xml" })), [text]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  return <img class="qr" src={url} alt={t("invitation.qr")} />;
}
