/** A list before it is carried out, while it is, and after: every line with what became of it. */
import { useEffect, useState } from "preact/hooks";
import * as api from "../../shared/api/services.ts";
import { t, told } from "../../shared/i18n/index.ts";
import { Badge, Button, CardNumber, Failure, Note, Title, say, useEvery, useLoad, useTask, type Tone } from "../../shared/ui/kit.tsx";
import { serviceName } from "../readers/parts.tsx";
import { download } from "../readers/qrpicture.tsx";
import { go, link, staying } from "../state.ts";

const STATES: readonly api.LineState[] = ["ready", "done", "unchanged", "refused", "failed"];
const TONES: Readonly<Record<api.LineState, Tone>> = { ready: "attention", done: "green", unchanged: "quiet", refused: "deny", failed: "deny" };
/** While it is carried out. */
const WATCH_MS = 1000;
/** More rows than anybody reads; a file has them all. */
const MOST = 500;

export function ListScreen({ service, id }: { service: string; id: string }) {
  const { data, failure, setData, reload, poll } = useLoad((stop) => api.oneList(service, id, stop), [service, id]);
  const busy = data?.state === "working" || data?.state === "asserted";
  useEvery(busy ? WATCH_MS : null, poll);
  useEffect(() => {
    if (data?.state === "done") say(t("list.done", { n: data.counts.done ?? 0 }));
  }, [data?.state]);
  return (
    <section class="panel">
      <a href={link("services", service)} class="back">← {serviceName(service)}</a>
      <Title k="list.title" sub={data && <>{t(`own.${data.act}`)} · {serviceName(service)} · <bdi>{data.reason}</bdi></>} />
      {failure !== null && <Failure of={failure} again={reload} />}
      {data && <Whole list={data} set={setData} />}
    </section>
  );
}

function Whole({ list, set }: { list: api.WholeList; set: (list: api.WholeList) => void }) {
  const [only, setOnly] = useState<api.LineState | null>(null);
  const count = (state: api.LineState) => list.counts[state] ?? 0;
  const lines = list.lines.filter((one) => only === null || one.state === only);
  const save = () => download(`${list.service}-${list.act}.csv`, ["line,number,until,state,reason", ...list.lines.map((one) => [one.line, one.number, one.until ?? "", one.state, one.reason ?? ""].join(","))].join("\r\n"), "text/csv");
  return (
    <>
      {list.state === "open" && <Ahead list={list} set={set} />}
      {(list.state === "working" || list.state === "asserted") && <Working list={list} />}
      {list.state === "done" && <Note tone={count("failed") > 0 ? "attention" : "green"}>{t("list.done", { n: count("done") })} {count("failed") > 0 && t("list.failed", { n: count("failed") })} {t("list.doors")}</Note>}
      {list.state === "dropped" && <Note tone="quiet">{t("list.dropped")}</Note>}
      <div class="sieve">
        <div class="chips" role="group" aria-label={t("queue.filters")}>
          {STATES.filter((state) => count(state) > 0).map((state) => <button key={state} type="button" class="chip" aria-pressed={only === state} onClick={() => setOnly(only === state ? null : state)}>{t(`linestate.${state}`)} <span class="count">{count(state).toLocaleString()}</span></button>)}
        </div>
        <Button onClick={save}>{t("list.file")}</Button>
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("list.lines")}>
        <table class="list small">
          <thead><tr><th scope="col">{t("list.line")}</th><th scope="col">{t("cards.number")}</th>{list.act === "grant" && <th scope="col">{t("rights.until")}</th>}<th scope="col">{t("cards.state")}</th><th scope="col">{t("list.why")}</th></tr></thead>
          <tbody>
            {lines.slice(0, MOST).map((one) => (
              <tr key={one.line}>
                <td class="when">{one.line}</td>
                <td>{one.number ? <CardNumber number={one.number} /> : "—"}</td>
                {list.act === "grant" && <td class="when">{one.until ?? t("rights.end")}</td>}
                <td><Badge tone={TONES[one.state]}>{t(`linestate.${one.state}`)}</Badge></td>
                <td>{one.reason && (told("linereason", one.reason) ?? one.reason)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {lines.length > MOST && <p class="hint">{t("list.more", { n: lines.length - MOST })}</p>}
    </>
  );
}

function Ahead({ list, set }: { list: api.WholeList; set: (list: api.WholeList) => void }) {
  const task = useTask();
  const ready = list.counts.ready ?? 0;
  const left = list.lines.length - ready;
  const grant = list.act === "grant";
  const carryOut = () => task.run(async () => set(await (grant ? api.grantList : api.withdrawList)(list.service, list.id)));
  const drop = () =>
    task.run(async () => {
      const still = staying();
      await api.dropList(list.service, list.id);
      if (still()) go("services", list.service);
    });
  return (
    <div class="ahead">
      <Note tone={ready > 0 ? "quiet" : "attention"}>
        <p><b>{ready > 0 ? t(grant ? "list.ready.grant" : "list.ready.withdraw", { n: ready }) : t("list.nothing")}</b></p>
        {left > 0 && <p>{t("list.left", { n: left })}</p>}
        {ready > 0 && <p>{t(grant ? "list.touch" : "list.notouch")}</p>}
      </Note>
      {task.failure !== null && <Failure of={task.failure} />}
      <div class="row end">
        <Button disabled={task.busy} onClick={() => void drop()}>{t("list.drop")}</Button>
        <Button kind={grant ? "primary" : "danger"} busy={task.busy} disabled={ready === 0} onClick={() => void carryOut()}>{t(grant ? "list.go.grant" : "list.go.withdraw", { n: ready })}</Button>
      </div>
    </div>
  );
}

function Working({ list }: { list: api.WholeList }) {
  const ready = list.counts.ready ?? 0;
  const all = ready + (list.counts.done ?? 0) + (list.counts.failed ?? 0);
  return (
    <div class="progress">
      <progress max={all} value={all - ready} aria-label={t("list.working")} />
      <span>{t("list.progress", { done: all - ready, all })}</span>
    </div>
  );
}
