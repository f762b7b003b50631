/** Printing: choose cards, watch every code being read back, print the file, count what was spoiled. */
import { useState } from "preact/hooks";
import * as api from "../shared/api/cards.ts";
import { instant, moment, t, told } from "../shared/i18n/index.ts";
import { SelectField, TextField } from "../shared/ui/fields.tsx";
import { Badge, Button, CardNumber, Dialog, Empty, Failure, Note, Title, say, useEvery, useLoad, useTask, type Tone } from "../shared/ui/kit.tsx";
import { may } from "./state.ts";

/** While a job runs its progress is asked for this often. */
const WATCH_MS = 1000;
const TONES: Readonly<Record<api.PrintJob["state"], Tone>> = { waiting: "quiet", running: "quiet", ready: "green", released: "quiet", failed: "deny" };

export function Printing() {
  const waiting = useLoad(() => api.toPrint(), []);
  const jobs = useLoad(async () => {
    const found = await api.printJobs();
    return "jobs" in found ? found.jobs : found;
  }, []);
  const running = jobs.data?.some((job) => job.state === "waiting" || job.state === "running") ?? false;
  useEvery(running ? WATCH_MS : null, jobs.poll);
  const again = () => {
    waiting.reload();
    jobs.reload();
  };
  return (
    <>
      <section class="panel">
        <Title k="print.title" sub={t("print.sub")}><Blanks /></Title>
        {waiting.failure !== null && <Failure of={waiting.failure} again={waiting.reload} />}
        {waiting.data && (waiting.data.rows.length > 0 ? <ToPrint rows={waiting.data.rows} started={again} /> : <Empty k="print.empty" />)}
      </section>
      <section class="panel">
        <h2>{t("print.jobs")}</h2>
        {jobs.failure !== null && <Failure of={jobs.failure} again={jobs.reload} />}
        {jobs.data?.length === 0 && <p class="mute">{t("print.nojobs")}</p>}
        {jobs.data?.map((job) => <Job key={job.id} job={job} done={again} />)}
      </section>
    </>
  );
}

function ToPrint({ rows, started }: { rows: readonly api.ToPrint[]; started: () => void }) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(rows.map((row) => row.number)));
  const [form, setForm] = useState<api.PrintForm>("cr80");
  const task = useTask();
  const flip = (number: string) => setChosen((before) => {
    const next = new Set(before);
    if (!next.delete(number)) next.add(number);
    return next;
  });
  const numbers = rows.map((row) => row.number).filter((number) => chosen.has(number));
  const start = () =>
    task.run(async () => {
      await api.startPrinting(numbers, form);
      say(t("print.started", { n: numbers.length }));
      started();
    });
  return (
    <>
      <div class="row bottom">
        <SelectField label={t("print.form")} value={form} change={(next) => setForm(next as api.PrintForm)} choices={[{ value: "cr80", words: t("print.cr80") }, { value: "a4", words: t("print.a4") }]} />
        <Button kind="primary" busy={task.busy} disabled={numbers.length === 0} onClick={() => void start()}>{t("print.start", { n: numbers.length })}</Button>
      </div>
      {task.failure !== null && <Failure of={task.failure} />}
      <table class="list">
        <thead><tr><th scope="col"><span class="unseen">{t("print.choose")}</span></th><th scope="col">{t("queue.name")}</th><th scope="col">{t("cards.number")}</th><th scope="col">{t("field.class")}</th><th scope="col">{t("print.issued")}</th></tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.number}>
              <td><input type="checkbox" aria-label={row.name} checked={chosen.has(row.number)} onChange={() => flip(row.number)} /></td>
              <td><bdi>{row.name}</bdi></td>
              <td><CardNumber number={row.number} /></td>
              <td>{told("class", row.class) ?? row.class}</td>
              <td class="when" title={instant(row.issued_at)}>{moment(row.issued_at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Job({ job, done }: { job: api.PrintJob; done: () => void }) {
  const [releasing, setReleasing] = useState(false);
  return (
    <article class="job">
      <header class="row">
        <Badge tone={TONES[job.state]}>{t(`job.${job.state}`)}</Badge>
        <b>{t("print.cards", { n: job.of })}</b>
        <span class="mute">{t(`print.${job.form}`)} · {job.made_by} · <span title={instant(job.made_at)}>{moment(job.made_at)}</span></span>
        <span class="grow" />
        {job.state === "ready" && <a class="button primary" href={api.jobFile(job.id)} target="_blank" rel="noopener"><span>{t("print.open")}</span></a>}
        {job.state === "ready" && <Button onClick={() => setReleasing(true)}>{t("print.release")}</Button>}
      </header>
      {(job.state === "running" || job.state === "waiting") && (
        <label class="progress">
          <progress max={job.of} value={job.done} /> {t("print.read", { done: job.done, n: job.of })}
        </label>
      )}
      {job.held_back.map((held) => (
        <Note key={held.number} tone="attention"><CardNumber number={held.number} />: {t("print.held")} {held.words}</Note>
      ))}
      {releasing && <Release job={job} close={() => setReleasing(false)} done={done} />}
    </article>
  );
}

function Release({ job, close, done }: { job: api.PrintJob; close: () => void; done: () => void }) {
  const held = new Set(job.held_back.map((one) => one.number));
  const printed = job.cards.filter((number) => !held.has(number));
  const [spoiled, setSpoiled] = useState<ReadonlySet<string>>(new Set());
  const [used, setUsed] = useState<string | null>(null);
  const task = useTask();
  const count = used ?? String(printed.length + spoiled.size);
  const flip = (number: string) => setSpoiled((before) => {
    const next = new Set(before);
    if (!next.delete(number)) next.add(number);
    return next;
  });
  const send = (event: Event) => {
    event.preventDefault();
    void task.run(async () => {
      await api.releaseJob(job.id, [...spoiled], Number(count));
      say(t("print.released"));
      done();
      close();
    });
  };
  return (
    <Dialog title={t("print.release")} close={close}>
      <form onSubmit={send}>
        <p>{t("print.release.words")}</p>
        <fieldset class="plainset">
          <legend>{t("print.spoiled")}</legend>
          <div class="ticks">
            {printed.map((number) => <label key={number} class={spoiled.has(number) ? "tick on" : "tick"}><input type="checkbox" checked={spoiled.has(number)} onChange={() => flip(number)} /><CardNumber number={number} /></label>)}
          </div>
        </fieldset>
        <TextField label={t("print.blanks.used")} hint={t("print.blanks.hint")} value={count} change={setUsed} input={{ inputMode: "numeric", pattern: "[0-9]{1,5}", required: true }} />
        {task.failure !== null && <Failure of={task.failure} />}
        <footer class="row"><Button onClick={close}>{t("act.cancel")}</Button><Button kind="primary" type="submit" busy={task.busy}>{t("print.release.go")}</Button></footer>
      </form>
    </Dialog>
  );
}

function Blanks() {
  const { data, reload } = useLoad(() => api.blanks(), []);
  const [counting, setCounting] = useState(false);
  const [typed, setTyped] = useState("");
  const task = useTask();
  const total = data?.offices.reduce((sum, one) => sum + one.count, 0);
  const send = (event: Event) => {
    event.preventDefault();
    void task.run(async () => {
      await api.countBlanks(Number(typed));
      reload();
      setCounting(false);
    });
  };
  if (total === undefined) return null;
  return (
    <>
      <Button onClick={() => setCounting(true)} disabled={!may("printer")}>{t("print.blanks", { n: total })}</Button>
      {counting && (
        <Dialog title={t("print.blanks.title")} close={() => setCounting(false)}>
          <form onSubmit={send}>
            <TextField label={t("print.blanks.count")} value={typed} change={setTyped} input={{ inputMode: "numeric", pattern: "[0-9]{1,6}", required: true, autofocus: true }} />
            {task.failure !== null && <Failure of={task.failure} />}
            <footer class="row"><Button onClick={() => setCounting(false)}>{t("act.cancel")}</Button><Button kind="primary" type="submit" busy={task.busy}>{t("act.save")}</Button></footer>
          </form>
        </Dialog>
      )}
    </>
  );
}
