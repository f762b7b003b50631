/** Cards on phones: a code for the holder's phone, digits that both screens show, an approver's passkey. */
import { useEffect, useState } from "preact/hooks";
import { anyQr } from "../shared/qr.ts";
import { approvePhone, invitePhone, phonesOf, revokePhone, waitingPhones, type Phone, type PhoneCode } from "../shared/api/phones.ts";
import { instant, minute, t, told } from "../shared/i18n/index.ts";
import { Badge, Button, CardNumber, Dialog, Empty, Failure, Note, Title, say, useEvery, useLoad, useTask, type Tone } from "../shared/ui/kit.tsx";
import { QrPicture } from "../shared/ui/qrpicture.tsx";
import { link, may, session } from "./state.ts";
import "./phones.css";

/** Somebody stands at the desk with the phone in hand. */
const LOOK_AGAIN_MS = 2_000;
const TONES: Readonly<Record<Phone["state"], Tone>> = { invited: "quiet", waiting: "attention", active: "green", revoked: "quiet" };

const mine = (phone: Phone): boolean => phone.made_by === session.value?.staff.id;

/** Somebody with the card's recovery code wants it on another phone. */
const recovers = (phone: Phone): boolean => phone.how === "recovered" && phone.state === "waiting";

/** What is still of interest: codes that nobody brought in time are not. */
const toldOf = (phones: readonly Phone[]): Phone[] =>
  phones.filter((one) => one.state === "active" || one.state === "revoked" || Date.parse(one.expires) > Date.now());

export function CardPhones({ number, living }: { number: string; living: boolean }) {
  const { data, failure, reload } = useLoad(async () => (may("clerk", "approver") ? (await phonesOf(number)).phones : null), [number]);
  const [putting, setPutting] = useState(false);
  const [leaving, setLeaving] = useState<Phone | null>(null);
  if (!may("clerk", "approver")) return null;
  const shown = toldOf(data ?? []);
  const close = () => {
    setPutting(false);
    reload();
  };
  return (
    <section class="tile" data-part="phones">
      <h2>{t("phones.card")}</h2>
      {failure !== null && <Failure of={failure} again={reload} />}
      {data && shown.length === 0 && <p class="mute">{t("phones.none")}</p>}
      {shown.length > 0 && (
        <table class="list small">
          <thead><tr><th scope="col">{t("phones.fingerprint")}</th><th scope="col">{t("cards.state")}</th><th scope="col">{t("phones.since")}</th><th scope="col">{t("phones.until")}</th><th scope="col"><span class="unseen">{t("phones.revoke")}</span></th></tr></thead>
          <tbody>
            {shown.map((one) => (
              <tr key={one.id}>
                <td><Digits of={one} /></td>
                <td><Badge tone={TONES[one.state]}>{told("phonestate", recovers(one) ? "recovering" : one.state)}</Badge>{one.state === "active" && <small>{told("phoneway", one.how)}</small>}</td>
                <td class="when">{instant(one.made_at)}</td>
                <td class="when">{recovers(one) && one.ready_at ? t("phones.ready", { when: minute(one.ready_at) }) : one.token_until > 0 ? minute(new Date(one.token_until * 1000).toISOString()) : "—"}</td>
                <td>{(one.state === "active" || recovers(one)) && <Button kind="quiet" onClick={() => setLeaving(one)}>{t(recovers(one) ? "phones.stop" : "phones.revoke")}</Button>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {living && <div class="row"><Button kind="primary" onClick={() => setPutting(true)}>{t("phones.put")}</Button></div>}
      {putting && <PutDialog number={number} close={close} />}
      {leaving && <RevokeDialog phone={leaving} close={() => setLeaving(null)} done={reload} />}
    </section>
  );
}

/** The code and its picture until the phone has come; then its digits until it is let in. */
function PutDialog({ number, close }: { number: string; close: () => void }) {
  const [code, setCode] = useState<PhoneCode | null>(null);
  const task = useTask();
  useEffect(() => void task.run(async () => setCode(await invitePhone(number))), []);
  // A line that is down for a moment is looked at again anyway: its failure is not shown.
  const { data: phone, setData: setPhone, poll } = useLoad(async () => {
    const found = code && (await phonesOf(number)).phones.find((one) => one.id === code.phone);
    return found ?? null;
  }, [code?.phone]);
  useEvery(LOOK_AGAIN_MS, poll);
  useEffect(() => {
    if (phone?.state === "waiting") say(t("phones.put.came"));
    if (phone?.state === "active") say(t("phones.done"));
  }, [phone?.state]);
  const takeBack = () =>
    task.run(async () => {
      if (code) await revokePhone(code.phone);
      close();
    });
  const done = phone?.state === "active";
  return (
    <Dialog title={t("phones.put.title")} close={close}>
      {phone === null || phone.state === "invited" ? code && <Code of={code} /> : done ? <Note tone="green">{t("phones.done")}</Note> : <Came phone={phone} changed={setPhone} />}
      {task.failure !== null && <Failure of={task.failure} />}
      <footer class="row">
        {code && !done && <Button busy={task.busy} onClick={() => void takeBack()}>{t("phones.takeback")}</Button>}
        <span class="grow" />
        <Button kind={done ? "primary" : "plain"} onClick={close}>{t("act.close")}</Button>
      </footer>
    </Dialog>
  );
}

function Code({ of }: { of: PhoneCode }) {
  return (
    <div class="phonecode">
      <QrPicture modules={anyQr(of.url)} label={t("phones.put.title")} />
      <div>
        <p>{t("phones.put.scan", { url: of.url.slice(0, of.url.indexOf("#")) })}</p>
        <p class="onetime">{of.code}</p>
        <p class="mute">{t("phones.put.good", { when: minute(of.expires) })}</p>
        <p class="mute" role="status">{t("phones.put.waiting")}</p>
      </div>
    </div>
  );
}

function Came({ phone, changed }: { phone: Phone; changed: (next: Phone) => void }) {
  return (
    <div class="stack">
      <p><b>{t("phones.put.came")}</b></p>
      <p class="fingerprint">{phone.fingerprint}</p>
      <p>{t("phones.compare")}</p>
      {mine(phone) || !may("approver") ? <Note tone="quiet">{t("phones.approver")}</Note> : <LetIn phone={phone} done={changed} />}
    </div>
  );
}

function LetIn({ phone, done }: { phone: Phone; done: (next: Phone) => void }) {
  const task = useTask();
  const approve = () =>
    task.run(async () => {
      const next = await approvePhone(phone.id);
      say(t("phones.approved"));
      done(next);
    });
  return (
    <>
      {task.failure !== null && <Failure of={task.failure} />}
      <Button kind="primary" busy={task.busy} onClick={() => void approve()}>{t("phones.approve")}</Button>
    </>
  );
}

function RevokeDialog({ phone, close, done }: { phone: Phone; close: () => void; done: () => void }) {
  const task = useTask();
  const revoke = () =>
    task.run(async () => {
      await revokePhone(phone.id);
      done();
      close();
    });
  return (
    <Dialog title={t(recovers(phone) ? "phones.stop.title" : "phones.revoke.title")} close={close}>
      <p><Digits of={phone} /></p>
      <Note tone="deny">{t(recovers(phone) ? "phones.stop.words" : "phones.revoke.words")}</Note>
      {task.failure !== null && <Failure of={task.failure} />}
      <footer class="row">
        <Button onClick={close}>{t("act.cancel")}</Button>
        <Button kind="danger" busy={task.busy} onClick={() => void revoke()}>{t(recovers(phone) ? "phones.stop" : "phones.revoke")}</Button>
      </footer>
    </Dialog>
  );
}

const Digits = ({ of }: { of: Phone }) => <code>{of.fingerprint || "—"}</code>;

/** Everybody's phones that wait: an approver compares and lets them in, a clerk sees who is still waiting. */
export function Phones() {
  const { data, failure, reload, poll } = useLoad(() => waitingPhones(), []);
  useEvery(LOOK_AGAIN_MS, poll);
  return (
    <section class="panel">
      <Title k="phones.title" sub={t("phones.sub")} />
      {failure !== null && <Failure of={failure} again={reload} />}
      {data?.phones.length === 0 && <Empty k="phones.empty" />}
      {data?.phones.map((one) => (
        <article key={one.id} class="job waitingphone">
          <div class="row">
            <div>
              <b><bdi>{one.name}</bdi></b> <a href={link("cards", one.card)}><CardNumber number={one.card} /></a>
              <p class="hint">{t("phones.by")} <bdi>{one.made_by}</bdi> · {instant(one.made_at)}</p>
            </div>
          </div>
          <p class="fingerprint">{one.fingerprint}</p>
          {one.how === "asked" ? <Note tone={one.seen ? "green" : "attention"}>{t(one.seen ? "phones.asked.seen" : "phones.asked")}</Note> : <p class="hint">{t("phones.compare")}</p>}
          {mine(one) ? <Note tone="quiet">{t(one.how === "asked" ? "phones.own.asked" : "phones.own")}</Note> : may("approver") && <LetIn phone={one} done={reload} />}
        </article>
      ))}
    </section>
  );
}
