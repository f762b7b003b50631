/** An application that one reads: what is unusual first, then the cards, then everything else; and the decision. */
import { useLayoutEffect, useState } from "preact/hooks";
import * as api from "../shared/api/desk.ts";
import { countryName } from "../shared/countries.ts";
import { instant, language, t, told, type Key } from "../shared/i18n/index.ts";
import { addShortcuts } from "../shared/keys.ts";
import { AreaField, SelectField } from "../shared/ui/fields.tsx";
import { Button, Dialog, Failure, Note, reasonWords, say, useLoad, useTask } from "../shared/ui/kit.tsx";
import { FiledCards } from "./caseside.tsx";
import { Differences } from "./differences.tsx";
import type { DraftView } from "./draft.ts";
import { Duplicates } from "./duplicates.tsx";
import { FamilyBox } from "./family.tsx";
import { SECTIONS, languageName, servicesOf, textOf } from "./fields.ts";
import { SignDialog } from "./sign.tsx";
import { go, staying } from "./state.ts";

interface Props {
  readonly view: DraftView;
  readonly changed: (next: api.Case) => void;
  readonly reload: () => void;
}

export function Review({ view, changed, reload }: Props) {
  const one = view.case;
  const face = one.portrait.present ? api.portraitUrl(one.id, "print", one.version) : null;
  return (
    <>
    <div class="pair review">
      <div class="form">
        <Unusual one={one} />
        <Duplicates of={one} />
        {one.refusal && <Letter letter={one.refusal.letter} words="refuse.letter" />}
        <Facts application={one.application} />
        <History one={one} />
      </div>
      <aside class="side" aria-label={t("case.side")}>
        <FiledCards one={one} />
        {face && <section class="tile"><h2>{t("portrait.title")}</h2><img class="face big" src={face} alt={t("portrait.alt")} /></section>}
        <FamilyBox one={one} application={one.application} reload={changed} />
      </aside>
    </div>
    <Decide one={one} changed={changed} reload={reload} />
    </>
  );
}

/** Differences and exceptions: what an approver is for. */
function Unusual({ one }: { one: api.Case }) {
  if (one.differences.length + one.exceptions.length === 0) {
    return one.state === "submitted" ? <Note tone="green">{t("review.usual")}</Note> : null;
  }
  return (
    <section class="tile warnings">
      <h2>{t("review.unusual", { n: one.differences.length + one.exceptions.length })}</h2>
      <Exceptions list={one.exceptions} />
      <Differences list={one.differences} />
    </section>
  );
}

export function Exceptions({ list }: { list: readonly api.Finding[] }) {
  if (list.length === 0) return null;
  return <ul class="exceptions">{list.map((found) => <li key={found.reason + found.words}>{reasonWords(found.reason, found.words)}</li>)}</ul>;
}

function shown(name: string, application: api.Fields): string {
  const value = textOf(application, name);
  if (name === "nationality" || name === "passport_country") return value ? `${countryName(value, language.value)} (${value})` : "";
  if (name === "language" || name === "language_native") return value && languageName(value);
  const prefix = { sex: "sex", permit_kind: "permit", class: "class", design: "design" }[name];
  return (prefix && value && told(prefix, value)) || value;
}

export function Facts({ application }: { application: api.Fields }) {
  const services = servicesOf(application);
  const filled = SECTIONS.filter((section) => section.fields.some((spec) => textOf(application, spec.name)));
  return (
    <>
      {filled.map((section) => (
        <section key={section.words} class="tile">
          <h2>{t(section.words)}</h2>
          <dl class="facts">
            {section.fields.filter((spec) => spec.kind !== "services" && textOf(application, spec.name)).map((spec) => (
              <div key={spec.name} class={spec.kind === "mrz" || !spec.half ? "full" : ""}>
                <dt>{t(`field.${spec.name}` as Key)}</dt>
                <dd class={spec.kind === "mrz" ? "mrz" : ""}><bdi dir="auto">{shown(spec.name, application)}</bdi></dd>
              </div>
            ))}
            {section.words === "section.card" && (
              <div class="full">
                <dt>{t("field.services")}</dt>
                <dd class="tags">{Object.entries(services).map(([name, last]) => <span key={name} class="tag">{told("service", name) ?? name}{last && ` · ${last}`}</span>)}</dd>
              </div>
            )}
          </dl>
        </section>
      ))}
    </>
  );
}

/** What happened, by its code; what people wrote stands as they wrote it. */
function happened(entry: api.HistoryEntry): string {
  const details = Object.entries(entry.details).map(([name, value]) => {
    const said = told("do", value) ?? told("refusal", value) ?? told("service", value) ?? value;
    return `${told("detail", name) ?? name}: ${said}`;
  });
  const act = told("history", entry.action);
  return act ? [act, ...details, ...(entry.note ? [entry.note] : [])].join(" · ") : entry.words;
}

export function HistoryList({ entries }: { entries: readonly api.HistoryEntry[] }) {
  return (
    <ol class="history">
      {entries.map((entry) => (
        <li key={entry.at + entry.action}>
          <time dateTime={entry.at}>{instant(entry.at)}</time>
          <span>{happened(entry)}</span>
          <small>{entry.by}</small>
        </li>
      ))}
    </ol>
  );
}

function History({ one }: { one: api.Case }) {
  const { data } = useLoad(() => api.caseHistory(one.id), [one.id, one.version, one.state]);
  if (!data) return null;
  return <section class="tile"><h2>{t("history.title")}</h2><HistoryList entries={data.entries} /></section>;
}

/** What the resident is told, in their language and in ours. */
function Letter({ letter, words }: { letter: Readonly<Record<string, string>>; words: Key }) {
  return (
    <section class="tile letter" tabIndex={0} aria-label={t(words)}>
      <h2>{t(words)}</h2>
      {Object.entries(letter).map(([lang, text]) => <p key={lang} lang={lang} dir="auto">{text}</p>)}
    </section>
  );
}

function Decide({ one, changed, reload }: { one: api.Case; changed: (next: api.Case) => void; reload: () => void }) {
  const [open, setOpen] = useState<"approve" | "refuse" | "return" | null>(null);
  const can = (act: api.CaseAct) => one.allowed.includes(act);
  useLayoutEffect(
    () =>
      addShortcuts([
        ...(can("approve") ? [{ key: "y", words: () => t("approve.go"), run: () => setOpen("approve") }] : []),
        ...(can("return") ? [{ key: "r", words: () => t("return.go"), run: () => setOpen("return") }] : []),
        ...(can("refuse") ? [{ key: "x", words: () => t("refuse.go"), run: () => setOpen("refuse") }] : []),
      ]),
    [one.allowed.join()],
  );
  const task = useTask();
  if (!["approve", "refuse", "return", "recall"].some((act) => can(act as api.CaseAct))) return null;
  return (
    <section class="actbar" aria-label={t("acts.decide")}>
      <div class="row">
        {can("approve") && <Button kind="primary" hint="Y" onClick={() => setOpen("approve")}>{t("approve.go")}</Button>}
        {can("return") && <Button hint="R" onClick={() => setOpen("return")}>{t("return.go")}</Button>}
        {can("recall") && <Button busy={task.busy} onClick={() => void task.run(async () => changed(await api.recallCase(one.id, one.version)))}>{t("recall.go")}</Button>}
        {can("refuse") && <Button kind="danger" hint="X" onClick={() => setOpen("refuse")}>{t("refuse.go")}</Button>}
      </div>
      {task.failure !== null && <Failure of={task.failure} />}
      {open === "approve" && <SignDialog cases={[{ id: one.id, version: one.version }]} close={() => setOpen(null)} done={reload} />}
      {open === "return" && <Return one={one} close={() => setOpen(null)} done={changed} />}
      {open === "refuse" && <Refuse one={one} close={() => setOpen(null)} done={changed} />}
    </section>
  );
}

interface DecideProps {
  readonly one: api.Case;
  readonly close: () => void;
  readonly done: (next: api.Case) => void;
}

function Return({ one, close, done }: DecideProps) {
  const [words, setWords] = useState("");
  const task = useTask();
  const send = () =>
    task.run(async () => {
      const still = staying();
      done(await api.returnCase(one.id, one.version, words.trim()));
      say(t("return.done"));
      close();
      if (still()) go("queue");
    });
  return (
    <Dialog title={t("return.go")} close={close} waits={task.busy}>
      <AreaField label={t("return.words")} hint={t("return.hint")} value={words} change={setWords} area={{ autofocus: true }} />
      {task.failure !== null && <Failure of={task.failure} />}
      <footer class="row">
        <Button disabled={task.busy} onClick={close}>{t("act.cancel")}</Button>
        <Button kind="primary" busy={task.busy} disabled={!words.trim()} onClick={() => void send()}>{t("return.go")}</Button>
      </footer>
    </Dialog>
  );
}

/** After the last key. */
const PREVIEW_MS = 300;
const pause = (ms: number, stop: AbortSignal) =>
  new Promise<void>((done) => {
    const timer = setTimeout(done, ms);
    stop.addEventListener("abort", () => clearTimeout(timer));
  });

function Refuse({ one, close, done }: DecideProps) {
  const { data } = useLoad(() => api.refusalReasons(), []);
  const [reason, setReason] = useState("");
  const [words, setWords] = useState("");
  const [sent, setSent] = useState<api.Case | null>(null);
  const task = useTask();
  const send = () =>
    task.run(async () => {
      const next = await api.refuseCase(one.id, one.version, reason, words.trim());
      setSent(next);
      say(t("refuse.done"));
    });
  const asked = JSON.stringify([reason, words.trim()]);
  const preview = useLoad(async (stop) => {
    if (!reason) return null;
    await pause(PREVIEW_MS, stop);
    return { asked, ...(await api.refusalLetter(one.id, one.version, reason, words.trim(), stop)) };
  }, [asked]);
  const choices = (data?.reasons ?? []).map((each) => ({ value: each.reason, words: told("refusal", each.reason) ?? each.words }));
  const leave = () => {
    if (sent) done(sent);
    close();
  };
  return (
    <Dialog title={t("refuse.go")} close={leave} waits={task.busy} wide>
      {sent?.refusal ? (
        <>
          <Note tone="green">{t("refuse.done")}</Note>
          <Letter letter={sent.refusal.letter} words="refuse.letter" />
          <footer class="row"><Button kind="primary" onClick={leave}>{t("act.close")}</Button></footer>
        </>
      ) : (
        <>
          <SelectField label={t("refuse.reason")} value={reason} change={setReason} choices={[{ value: "", words: t("choose") }, ...choices]} select={{ autofocus: true }} />
          <AreaField label={t("refuse.words")} hint={t("refuse.hint")} value={words} change={setWords} />
          <Note tone="attention">{t("refuse.note")}</Note>
          {reason && preview.data?.asked === asked && <Letter letter={preview.data.letter} words="refuse.preview" />}
          {preview.failure !== null && <Failure of={preview.failure} again={preview.reload} />}
          {task.failure !== null && <Failure of={task.failure} />}
          <footer class="row">
            <Button disabled={task.busy} onClick={close}>{t("act.cancel")}</Button>
            <Button kind="danger" busy={task.busy} disabled={!reason || !words.trim()} onClick={() => void send()}>{t("refuse.go")}</Button>
          </footer>
        </>
      )}
    </Dialog>
  );
}
