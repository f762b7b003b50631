/** One service: grant and withdraw it, for a card or a list; whom it was granted to; the lists of the last month. */
import { useState } from "preact/hooks";
import * as api from "../../shared/api/services.ts";
import { moment, t } from "../../shared/i18n/index.ts";
import { AreaField, TextField, fileOf, isNoDay, isoDay, trimmed } from "../../shared/ui/fields.tsx";
import { Badge, Button, CardNumber, Empty, Failure, Note, Title, useLoad, useTask } from "../../shared/ui/kit.tsx";
import { DayField } from "../dayfield.tsx";
import { serviceName } from "../readers/parts.tsx";
import { download } from "../readers/qrpicture.tsx";
import { go, link, staying } from "../state.ts";
import { readText } from "../textfile.ts";
import { MOST_LINES, readFile, type ReadFile } from "./csv.ts";

export function ServiceScreen({ service }: { service: string }) {
  const { data, failure, reload } = useLoad(api.ownServices, [service]);
  const own = data?.services.find((one) => one.service === service);
  return (
    <>
      <section class="panel">
        {data && data.services.length > 1 && <a href={link("services")} class="back">← {t("own.back")}</a>}
        <Title k="own.service" sub={own ? <><b>{serviceName(service)}</b> · {t("own.holding", { n: own.holding })} · {own.venues.length > 0 ? t("own.venues", { venues: own.venues.join(", ") }) : t("own.venues.none")}</> : serviceName(service)} />
        {failure !== null && <Failure of={failure} again={reload} />}
        {data && !own && <Note tone="attention">{t("own.notyours")}</Note>}
        {own && <Order service={service} />}
      </section>
      {own && <Rights service={service} />}
      {own && <Lists service={service} />}
    </>
  );
}

/** One card by its number, or a file of many: both are read first, and then shown line by line. */
function Order({ service }: { service: string }) {
  const [act, setAct] = useState<api.ListAct>("grant");
  const [number, setNumber] = useState("");
  const [until, setUntil] = useState("");
  const [reason, setReason] = useState("");
  const [file, setFile] = useState<(ReadFile & { name: string }) | null>(null);
  const task = useTask();
  const day = isoDay(until);
  // A last day beside the file is for the lines that name none.
  const lines = file ? file.lines.map((one) => ({ ...one, until: act === "withdraw" ? null : (one.until ?? (day || null)) })) : [{ line: 1, number, until: act === "grant" ? day || null : null }];
  const many = lines.length > MOST_LINES;
  const ready = trimmed(reason) !== "" && !isNoDay(until) && !many && (file ? file.lines.length > 0 && file.wrong.length === 0 : number.trim() !== "");
  const choose = async (chosen: File | undefined) => {
    if (chosen) setFile({ name: chosen.name, ...readFile(await readText(chosen)) });
  };
  const send = (event: Event) => {
    event.preventDefault();
    if (!ready) return;
    void task.run(async () => {
      const still = staying();
      const read = await api.readList(service, act, trimmed(reason), lines);
      if (still()) go("services", service, read.id);
    });
  };
  return (
    <form class="order" onSubmit={send}>
      <div class="chips" role="group" aria-label={t("own.act")}>
        {(["grant", "withdraw"] as const).map((one) => <button key={one} type="button" class="chip" aria-pressed={act === one} onClick={() => setAct(one)}>{t(`own.${one}`)}</button>)}
      </div>
      {file ? (
        <div class="filebox">
          <p><b><bdi>{file.name}</bdi></b> · {t("own.file.lines", { n: file.lines.length })}</p>
          {file.ignored.length > 0 && <p class="hint">{t("own.file.ignored", { columns: file.ignored.join(", ") })}</p>}
          {file.lines.length === 0 && file.wrong.length === 0 && <Note tone="attention">{t("own.file.none")}</Note>}
          {file.wrong.length > 0 && <Note tone="attention">{t("own.file.days", { lines: file.wrong.slice(0, 10).map((one) => `${one.line} (${one.text})`).join(", ") })}</Note>}
          {many && <Note tone="attention">{t("own.file.many", { n: MOST_LINES })}</Note>}
          <Button onClick={() => setFile(null)}>{t("own.file.drop")}</Button>
        </div>
      ) : (
        <div class="row bottom">
          <TextField class="grow" label={t("cards.number")} hint={t("own.number.hint")} value={number} change={setNumber} input={{ inputMode: "numeric", dir: "ltr", maxLength: 20 }} />
          <label class="button plain file"><span>{t("own.file")}</span><input type="file" accept=".csv,.txt,.tsv,text/csv,text/plain" onChange={(event) => void choose(fileOf(event.currentTarget))} /></label>
        </div>
      )}
      {act === "grant" && <DayField label={t(file ? "own.until.file" : "own.until")} hint={t("own.until.hint")} value={until} change={setUntil} />}
      <AreaField label={t("do.reason")} hint={t("do.reason.hint")} rows={2} value={reason} change={setReason} area={{ required: true, maxLength: 500 }} />
      {task.failure !== null && <Failure of={task.failure} />}
      <div class="row end"><span class="hint">{t("own.look")}</span><Button kind="primary" type="submit" busy={task.busy} disabled={!ready}>{t("own.read")}</Button></div>
    </form>
  );
}

const VALUES = ["", "until", "granted", "withdrawn"] as const;
const PAGE = 50;
/** The longest answer the service gives at once. */
const FILE_PAGE = 1000;

function Rights({ service }: { service: string }) {
  const [value, setValue] = useState<(typeof VALUES)[number]>("");
  const [before, setBefore] = useState<readonly string[]>([]);
  const after = before.at(-1) ?? "";
  const { data, failure, reload } = useLoad((stop) => api.rights(service, value, after, PAGE, stop), [service, value, after]);
  const task = useTask();
  const save = () =>
    task.run(async () => {
      const rows: api.Right[] = [];
      for (let next: string | null = ""; next !== null; ) {
        const page: Awaited<ReturnType<typeof api.rights>> = await api.rights(service, value, next, FILE_PAGE);
        rows.push(...page.rights);
        next = page.next;
      }
      download(`${service}.csv`, ["number,until,state", ...rows.map((one) => `${one.number},${one.until ?? ""},${one.value}`)].join("\r\n"), "text/csv");
    });
  const choose = (to: (typeof VALUES)[number]) => (setValue(to), setBefore([]));
  return (
    <section class="panel">
      <header class="title">
        <div><h2>{t("rights.title")}</h2><p class="mute">{t("rights.sub")}</p></div>
        <div class="actions"><Button busy={task.busy} disabled={!data || data.rights.length === 0} onClick={() => void save()}>{t("rights.file")}</Button></div>
      </header>
      <div class="chips" role="group" aria-label={t("queue.filters")}>
        {VALUES.map((one) => <button key={one} type="button" class="chip" aria-pressed={value === one} onClick={() => choose(one)}>{t(one === "" ? "queue.filter.all" : `rightvalue.${one}`)}</button>)}
      </div>
      {task.failure !== null && <Failure of={task.failure} />}
      {failure !== null && <Failure of={failure} again={reload} />}
      {data && data.rights.length === 0 && <Empty k="rights.none" />}
      {data && data.rights.length > 0 && (
        <div class="scroll-x" tabIndex={0} role="region" aria-label={t("rights.title")}>
          <table class="list small">
            <thead><tr><th scope="col">{t("cards.number")}</th><th scope="col">{t("cards.state")}</th><th scope="col">{t("rights.until")}</th><th scope="col">{t("rights.by")}</th></tr></thead>
            <tbody>
              {data.rights.map((one) => (
                <tr key={one.number}>
                  <td><CardNumber number={one.number} /></td>
                  <td><Badge tone={one.value === "withdrawn" ? "deny" : "green"}>{t(`rightvalue.${one.value}`)}</Badge></td>
                  <td class="when">{one.until ?? (one.value === "granted" ? t("rights.end") : "—")}</td>
                  <td>{one.by} <small>{moment(one.at)}</small></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {data && (before.length > 0 || data.next) && (
        <div class="row end">
          <Button disabled={before.length === 0} onClick={() => setBefore(before.slice(0, -1))}>{t("rights.before")}</Button>
          <Button disabled={!data.next} onClick={() => data.next && setBefore([...before, data.next])}>{t("rights.next")}</Button>
        </div>
      )}
    </section>
  );
}

function Lists({ service }: { service: string }) {
  const { data, failure, reload } = useLoad((stop) => api.lists(service, stop), [service]);
  if (failure !== null) return <section class="panel"><Failure of={failure} again={reload} /></section>;
  if (!data || data.lists.length === 0) return null;
  return (
    <section class="panel">
      <header class="title"><div><h2>{t("lists.title")}</h2><p class="mute">{t("lists.sub")}</p></div></header>
      <div class="scroll-x" tabIndex={0} role="region" aria-label={t("lists.title")}>
        <table class="list small">
          <thead><tr><th scope="col">{t("lists.what")}</th><th scope="col">{t("cards.state")}</th><th scope="col">{t("lists.lines")}</th><th scope="col">{t("rights.by")}</th><th scope="col">{t("do.reason")}</th></tr></thead>
          <tbody>
            {data.lists.map((one) => (
              <tr key={one.id}>
                <td><a href={link("services", service, one.id)}>{t(`own.${one.act}`)}</a></td>
                <td><Badge tone={one.state === "done" ? "green" : one.state === "dropped" ? "quiet" : "attention"}>{t(`liststate.${one.state}`)}</Badge></td>
                <td class="when">{Object.values(one.counts).reduce((sum, count) => sum + (count ?? 0), 0)}</td>
                <td>{one.decided_by ?? one.made_by} <small>{moment(one.made_at)}</small></td>
                <td class="why"><span class="words"><bdi>{one.reason}</bdi></span></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
