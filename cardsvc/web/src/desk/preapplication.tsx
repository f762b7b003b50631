/** One application from a phone: looked at, answered, and with one key a case. */
import { useLayoutEffect, useState } from "preact/hooks";
import * as api from "../shared/api/preapplications.ts";
import { day, t, type Key } from "../shared/i18n/index.ts";
import { addShortcuts } from "../shared/keys.ts";
import { SelectField, isNoDay, isoDay } from "../shared/ui/fields.tsx";
import { Badge, Button, Dialog, Failure, Names, Note, reasonWords, say, useLoad, useTask } from "../shared/ui/kit.tsx";
import { DayField } from "./dayfield.tsx";
import { When } from "./preapplications.tsx";
import { Facts } from "./review.tsx";
import { go, link, session, staying } from "./state.ts";

interface Props {
  readonly one: api.PreView;
  readonly changed: (next: api.PreView) => void;
}

/** `seen` are the digits of the phone's screen, where it was scanned. */
export function PreapplicationScreen({ reference, seen }: { reference: string; seen: string | null }) {
  const { data, failure, reload, setData } = useLoad(() => api.preView(reference), [reference]);
  useLayoutEffect(() => addShortcuts([{ key: "escape", words: () => t("phoned.back"), run: () => go("phoned") }]), []);
  if (failure !== null) return <section class="panel"><Failure of={failure} again={reload} /></section>;
  if (!data) return <p class="mute">{t("state.loading")}</p>;
  return (
    <div class="case">
      <Head one={data} />
      <div class="pair review">
        <div class="form">
          <Seen one={data} seen={seen} />
          {data.state === "taken" ? <Taken one={data} /> : <Open one={data} />}
        </div>
        <aside class="side" aria-label={t("case.side")}>
          {data.has_portrait && <Portrait one={data} />}
          <Answered one={data} />
          {data.family.length > 0 && <Family one={data} />}
        </aside>
      </div>
      {data.state === "waiting" && <Decide one={data} seen={seen} changed={setData} />}
    </div>
  );
}

function Head({ one }: { one: api.PreView }) {
  return (
    <header class="casehead">
      <a href={link("phoned")} class="back" aria-keyshortcuts="Escape">← {t("nav.phoned")}</a>
      <div class="line">
        <h1 tabIndex={-1} ref={(node) => void (node && document.activeElement === document.body && node.focus({ preventScroll: true }))}><Names of={{ ...one, name: one.name || t("queue.nameless") }} /></h1>
        <Badge tone={one.state === "taken" ? "green" : "quiet"}>{t(`phoned.${one.state}`)}</Badge>
        <span class="ref">{one.reference}</span>
      </div>
    </header>
  );
}

const plain = (digits: string): string => digits.toLowerCase().replace(/[^0-9a-f]/g, "");

/** The digits of a scanned phone: the same as the application's, or another phone altogether. */
function Seen({ one, seen }: { one: api.PreView; seen: string | null }) {
  if (seen === null || one.state === "taken") return null;
  const same = plain(seen) === plain(one.fingerprint);
  return <Note tone={same ? "green" : "deny"}>{t(same ? "phoned.same" : "reason.other_phone")}</Note>;
}

function Open({ one }: { one: api.PreView }) {
  return (
    <>
      {one.errors.length > 0 && (
        <section class="tile">
          <h2>{t("phoned.missing", { n: one.errors.length })}</h2>
          <ul class="todo">{one.errors.map((error) => <li key={error.field + error.reason}><b>{t(`field.${error.field}` as Key)}</b> {reasonWords(error.reason, error.words)}</li>)}</ul>
        </section>
      )}
      <Note tone="quiet">{t("phoned.typed")}</Note>
      <Facts application={one.application} />
    </>
  );
}

function Taken({ one }: { one: api.PreView }) {
  return <Note tone="quiet" action={one.case && <Button kind="primary" onClick={() => go("case", one.case ?? "")}>{t("phoned.case")}</Button>}>{t("reason.preapplication_taken")}</Note>;
}

function Portrait({ one }: { one: api.PreView }) {
  return (
    <section class="tile">
      <h2>{t("portrait.title")}</h2>
      <img class="face big" src={api.prePortraitUrl(one.reference)} alt={t("portrait.alt")} />
      {one.findings.map((found) => <p key={found.reason} class="warn">{reasonWords(found.reason, found.words)}</p>)}
    </section>
  );
}

function Answered({ one }: { one: api.PreView }) {
  return (
    <section class="tile">
      <h2>{t("phoned.when")}</h2>
      <p><When of={one} /></p>
      {one.office && <p class="mute"><bdi>{one.office}</bdi></p>}
      {one.bring.length > 0 && <p class="tags">{one.bring.map((thing) => <span key={thing} class="tag">{t(`thing.${thing}` as Key)}</span>)}</p>}
      <p class="hint">{t("phoned.digits")} <code>{one.fingerprint}</code></p>
      {one.state === "waiting" && <p class="hint">{t("phoned.kept", { day: day(one.kept_until) })}</p>}
    </section>
  );
}

function Family({ one }: { one: api.PreView }) {
  return (
    <section class="tile">
      <h2>{t("family.title")}</h2>
      <ul class="kin">
        {one.family.map((kin) => <li key={kin.reference}><a href={link("phoned", kin.reference)}><Names of={{ ...kin, name: kin.name || t("queue.nameless") }} small /></a></li>)}
      </ul>
    </section>
  );
}

function Decide({ one, seen, changed }: Props & { seen: string | null }) {
  const task = useTask();
  const [open, setOpen] = useState<"answer" | "drop" | null>(null);
  const several = one.family.some((kin) => kin.state === "waiting");
  const take = (alone: boolean) =>
    task.run(async () => {
      const still = staying();
      const { cases } = await api.takePre(one.reference, seen, alone);
      const own = cases.find((made) => made.reference === one.reference);
      say(t("phoned.done"));
      if (own && still()) go("case", own.case);
    });
  useLayoutEffect(
    () =>
      addShortcuts([
        { key: "t", words: () => t("phoned.take"), run: () => void take(false) },
        { key: "m", words: () => t("phoned.answer"), run: () => setOpen("answer") },
      ]),
    [one.reference, seen],
  );
  return (
    <section class="actbar" aria-label={t("phoned.take")}>
      <div class="row">
        <Button kind="primary" hint="T" busy={task.busy} onClick={() => void take(false)}>{several ? t("phoned.takeall", { n: one.family.length + 1 }) : t("phoned.take")}</Button>
        {several && <Button busy={task.busy} onClick={() => void take(true)}>{t("phoned.alone")}</Button>}
        <Button hint="M" onClick={() => setOpen("answer")}>{t("phoned.answer")}</Button>
        <Button kind="quiet" onClick={() => setOpen("drop")}>{t("phoned.drop")}</Button>
      </div>
      {task.failure !== null && <Failure of={task.failure} />}
      {open === "answer" && <AnswerDialog one={one} changed={changed} close={() => setOpen(null)} />}
      {open === "drop" && <DropDialog one={one} close={() => setOpen(null)} />}
    </section>
  );
}

/** When to come, and what to bring: the phone says it in the resident's language. */
function AnswerDialog({ one, changed, close }: Props & { close: () => void }) {
  const { data } = useLoad(() => api.desksToCome(), []);
  const [office, setOffice] = useState(one.office ?? session.value?.staff.office ?? "");
  const [on, setOn] = useState(one.day ?? "");
  const [half, setHalf] = useState<api.Half>(one.half ?? "am");
  const [bring, setBring] = useState<readonly string[]>(one.bring);
  const task = useTask();
  const send = (event: Event) => {
    event.preventDefault();
    void task.run(async () => {
      const day = isoDay(on);
      changed(await api.answerPre(one.reference, day ? { office, day, half } : null, bring));
      say(t("phoned.answered"));
      close();
    });
  };
  const desks = (data?.desks ?? []).map(({ id, name }) => ({ value: id, words: name }));
  const halves = (["am", "pm"] as const).map((value) => ({ value, words: t(`half.${value}`) }));
  return (
    <Dialog title={t("phoned.answer")} close={close}>
      <form class="stack" onSubmit={send}>
        <SelectField label={t("phoned.desk")} value={office} change={setOffice} choices={desks} />
        <DayField label={t("phoned.day")} value={on} change={setOn} />
        <SelectField label={t("phoned.half")} value={half} change={(next) => setHalf(next as api.Half)} choices={halves} />
        <div class="field" role="group" aria-label={t("phoned.bring")}>
          <span class="label">{t("phoned.bring")}</span>
          <div class="ticks">
            {api.THINGS.map((thing) => (
              <label key={thing} class={bring.includes(thing) ? "tick on" : "tick"}>
                <input type="checkbox" checked={bring.includes(thing)} onChange={(event) => setBring(event.currentTarget.checked ? [...bring, thing] : bring.filter((other) => other !== thing))} />
                {t(`thing.${thing}`)}
              </label>
            ))}
          </div>
        </div>
        {task.failure !== null && <Failure of={task.failure} />}
        <footer class="row">
          <Button onClick={close}>{t("act.cancel")}</Button>
          <Button kind="primary" type="submit" busy={task.busy} disabled={isNoDay(on)}>{t("phoned.tell")}</Button>
        </footer>
      </form>
    </Dialog>
  );
}

function DropDialog({ one, close }: { one: api.PreView; close: () => void }) {
  const task = useTask();
  const drop = () =>
    task.run(async () => {
      const still = staying();
      await api.dropPre(one.reference);
      if (still()) go("phoned");
    });
  return (
    <Dialog title={t("phoned.drop.title")} close={close}>
      <p>{t("phoned.drop.words")}</p>
      {task.failure !== null && <Failure of={task.failure} />}
      <footer class="row">
        <Button onClick={close}>{t("act.cancel")}</Button>
        <Button kind="danger" busy={task.busy} onClick={() => void drop()}>{t("phoned.drop")}</Button>
      </footer>
    </Dialog>
  );
}
