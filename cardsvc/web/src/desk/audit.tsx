/** Who did what to which card; whether the record is whole; the signed note that an outsider keeps. */
import { useState } from "preact/hooks";
import * as api from "../shared/api/staff.ts";
import { instant, t, told } from "../shared/i18n/index.ts";
import { TextField, isNoDay, isoDay } from "../shared/ui/fields.tsx";
import { Button, Dialog, Empty, Failure, Note, Title, useLoad, useTask } from "../shared/ui/kit.tsx";
import { DayField } from "./dayfield.tsx";

const NOTHING: Record<"subject" | "actor" | "action" | "from" | "to", string> = { subject: "", actor: "", action: "", from: "", to: "" };

/** A day's first or last second by the clock that the entries are shown in; the service takes no days. */
function instantOf(typed: string, time: string): string {
  const day = isoDay(typed);
  return day && new Date(`${day}T${time}`).toISOString();
}

interface Older {
  readonly asked: api.AuditFilter;
  readonly entries: readonly api.AuditEntry[];
  readonly next: number | null;
}

export function Audit() {
  const [typed, setTyped] = useState(NOTHING);
  const [asked, setAsked] = useState<api.AuditFilter>({});
  /** What followed the first page, and what it answered: a late answer is shown under no other question. */
  const [older, setOlder] = useState<Older | null>(null);
  const { data, failure, reload } = useLoad(async () => ({ asked, ...(await api.auditEntries(asked)) }), [asked]);
  const [proof, setProof] = useState<api.AuditProof | null>(null);
  const task = useTask();
  const known = older?.asked === asked ? older : null;
  const more = known ? known.next : data?.asked === asked ? data.next : null;
  const find = (event: Event) => {
    event.preventDefault();
    setAsked({ ...typed, from: instantOf(typed.from, "00:00:00"), to: instantOf(typed.to, "23:59:59") });
  };
  const loadOlder = () =>
    task.run(async () => {
      const found = await api.auditEntries({ ...asked, before: more ?? 0 });
      setOlder({ asked, entries: [...(known?.entries ?? []), ...found.entries], next: found.next });
    });
  const field = (name: keyof typeof NOTHING, dated = false) => {
    const Field = dated ? DayField : TextField;
    return <Field label={t(`audit.${name}`)} value={typed[name]} change={(value) => setTyped({ ...typed, [name]: value })} />;
  };
  const entries = [...(data?.entries ?? []), ...(known?.entries ?? [])];
  return (
    <section class="panel">
      <Title k="audit.title" sub={t("audit.sub")}><Checks /></Title>
      <form class="sieve fields" onSubmit={find}>
        {field("subject")}{field("actor")}{field("action")}{field("from", true)}{field("to", true)}
        <Button kind="primary" type="submit" disabled={isNoDay(typed.from) || isNoDay(typed.to)}>{t("audit.find")}</Button>
      </form>
      {failure !== null && <Failure of={failure} again={reload} />}
      {data && entries.length === 0 && <Empty k="audit.empty" />}
      {entries.length > 0 && (
        <table class="list small">
          <thead><tr><th scope="col">{t("audit.seq")}</th><th scope="col">{t("audit.time")}</th><th scope="col">{t("audit.actor")}</th><th scope="col">{t("audit.action")}</th><th scope="col">{t("audit.subject")}</th><th scope="col">{t("audit.details")}</th><th scope="col"><span class="unseen">{t("audit.proof")}</span></th></tr></thead>
          <tbody>
            {entries.map((entry) => (
              <tr key={entry.seq}>
                <td class="number">{entry.seq}</td>
                <td class="when">{instant(entry.time)}</td>
                <td>{entry.actor}</td>
                <td>{told("history", entry.action)}<small><code>{entry.action}</code></small></td>
                <td class="wrap">{entry.subject}</td>
                <td class="wrap">{Object.entries(entry.details ?? {}).map(([name, value]) => <span key={name} class="tag">{name}: {typeof value === "string" ? value : JSON.stringify(value)}</span>)}</td>
                <td><Button kind="quiet" busy={task.busy} onClick={() => void task.run(async () => setProof(await api.auditProof(entry.seq)))}>{t("audit.proof")}</Button></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {more != null && <Button busy={task.busy} onClick={() => void loadOlder()}>{t("audit.older")}</Button>}
      {task.failure !== null && <Failure of={task.failure} />}
      {proof && <Proof of={proof} close={() => setProof(null)} />}
    </section>
  );
}

/** That an entry is in the tree: the hashes with which anybody computes the root. */
function Proof({ of, close }: { of: api.AuditProof; close: () => void }) {
  return (
    <Dialog title={t("audit.proof.of", { seq: of.seq })} close={close} wide>
      <p>{t("audit.proof.words")}</p>
      <dl class="hashes">
        <dt>{t("audit.proof.leaf")}</dt><dd><code>{of.leaf}</code></dd>
        <dt>{t("audit.proof.path")}</dt><dd>{of.proof.map((hash) => <code key={hash}>{hash}</code>)}</dd>
        <dt>{t("audit.proof.root", { n: of.size })}</dt><dd><code>{of.root}</code></dd>
      </dl>
      <footer class="row">
        <Keep name={`entry-${of.seq}.json`} text={JSON.stringify(of, null, 2)} />
        <Button kind="primary" onClick={close}>{t("act.close")}</Button>
      </footer>
    </Dialog>
  );
}

/** A file of what is shown; made in the page, fetched from nowhere. */
function Keep({ name, text }: { name: string; text: string }) {
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return <Button onClick={save}>{t("audit.keep")}</Button>;
}

function Checks() {
  const [verdict, setVerdict] = useState<api.AuditVerdict | null>(null);
  const [note, setNote] = useState<string | null>(null);
  const task = useTask();
  return (
    <>
      <Button busy={task.busy} onClick={() => void task.run(async () => setVerdict(await api.auditVerify()))}>{t("audit.verify")}</Button>
      <Button busy={task.busy} onClick={() => void task.run(async () => setNote(await api.auditCheckpoint()))}>{t("audit.checkpoint")}</Button>
      {task.failure !== null && <Failure of={task.failure} />}
      {verdict && (
        <Dialog title={t("audit.verify")} close={() => setVerdict(null)}>
          <Note tone={verdict.whole ? "green" : "deny"}>{verdict.whole ? t("audit.whole", { n: verdict.entries }) : t("audit.broken", { seq: verdict.first_wrong ?? 0 })}</Note>
          {!verdict.whole && <p>{verdict.words}</p>}
          <footer class="row"><Button kind="primary" onClick={() => setVerdict(null)}>{t("act.close")}</Button></footer>
        </Dialog>
      )}
      {note !== null && (
        <Dialog title={t("audit.checkpoint")} close={() => setNote(null)} wide>
          <p>{t("audit.checkpoint.words")}</p>
          <pre class="note-text">{note}</pre>
          <footer class="row"><Keep name="checkpoint.txt" text={note} /><Button kind="primary" onClick={() => setNote(null)}>{t("act.close")}</Button></footer>
        </Dialog>
      )}
    </>
  );
}
