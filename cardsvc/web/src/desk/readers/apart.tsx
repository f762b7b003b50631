/** What of a reader's log waits in quarantine: what it means, what to do, and doing it. */
import { useState } from "preact/hooks";
import * as api from "../../shared/api/readers.ts";
import { instant, t, told } from "../../shared/i18n/index.ts";
import { AreaField, trimmed } from "../../shared/ui/fields.tsx";
import { Button, Dialog, Failure, Note, say, useLoad, useTask } from "../../shared/ui/kit.tsx";
import { waiting } from "./parts.tsx";

type Resolution = { readonly how: "go-on"; readonly seq: number; readonly missing: number } | { readonly how: "aside"; readonly kind: string; readonly count: number };

interface Props {
  readonly reader: api.Reader;
  readonly reload: () => void;
}

export function Apart({ reader, reload }: Props) {
  const { data, failure, reload: again } = useLoad(() => api.quarantine(reader.id), [reader.id, waiting(reader), reader.records]);
  const [resolving, setResolving] = useState<Resolution | null>(null);
  const done = () => (again(), reload());
  const reasons = [...new Set(data?.runs.map((one) => one.reason))];
  return (
    <section class="tile warnings apart">
      <h2>{t("apart.title")}</h2>
      <p class="hint">{t("apart.sub", { n: data?.head ?? reader.records })}</p>
      {failure !== null && <Failure of={failure} again={again} />}
      {data && data.go_on_from !== null && (
        <Note tone="attention" action={<Button kind="primary" onClick={() => setResolving({ how: "go-on", seq: data.go_on_from ?? 0, missing: data.missing })}>{t("apart.goon", { seq: data.go_on_from })}</Button>}>
          {data.missing === 1 ? t("apart.missing.one", { seq: data.head + 1 }) : data.missing > 1 ? t("apart.missing", { n: data.missing, from: data.head + 1, to: data.head + data.missing }) : t("apart.broke", { seq: data.go_on_from })}
        </Note>
      )}
      {data && data.go_on_from === null && reasons.some((one) => one === "gap" || one === "broken_chain") && <Note tone="attention">{t("apart.two")}</Note>}
      {reader.wrong_checkpoints > 0 && <Note tone="attention">{t("apart.wrongsigned", { n: reader.wrong_checkpoints })}</Note>}
      {data && reasons.map((reason) => <Reason key={reason} reason={reason} runs={data.runs.filter((one) => one.reason === reason)} aside={(count) => setResolving({ how: "aside", kind: reason, count })} />)}
      {resolving && <Resolve reader={reader} resolution={resolving} close={() => setResolving(null)} done={done} />}
    </section>
  );
}

interface ReasonProps {
  readonly reason: string;
  readonly runs: readonly api.Run[];
  readonly aside: (count: number) => void;
}

function Reason({ reason, runs, aside }: ReasonProps) {
  const count = runs.reduce((sum, one) => sum + one.count, 0);
  return (
    <section class="apart-reason">
      <div class="row top">
        <div class="grow">
          <h3>{told("apart", reason) ?? reason} <span class="count">{count.toLocaleString()}</span></h3>
          <p>{told("apart", `${reason}.words`)}</p>
          <p class="hint">{told("apart", `${reason}.do`)}</p>
        </div>
        <Button onClick={() => aside(count)} aria-label={`${t("apart.aside")}: ${told("apart", reason) ?? reason}`}>{t("apart.aside")}</Button>
      </div>
      <div class="scroll-x" tabIndex={0} role="region" aria-label={told("apart", reason) ?? reason}>
        <table class="list small">
          <thead><tr><th scope="col">{t("apart.records")}</th><th scope="col">{t("apart.recorded")}</th><th scope="col">{t("apart.came")}</th></tr></thead>
          <tbody>
            {runs.map((one) => (
              <tr key={`${one.first} ${one.came}`}>
                <td class="when">{one.first === 0 ? t("apart.signature") : one.first === one.last ? one.first : `${one.first} – ${one.last}`}</td>
                <td>{one.recorded_from && one.recorded_to ? (one.recorded_from === one.recorded_to ? instant(one.recorded_from) : `${instant(one.recorded_from)} – ${instant(one.recorded_to)}`) : <span class="mute">{t("apart.unreadable")}</span>}</td>
                <td>{instant(one.came)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface ResolveProps {
  readonly reader: api.Reader;
  readonly resolution: Resolution;
  readonly close: () => void;
  readonly done: () => void;
}

function Resolve({ reader, resolution, close, done }: ResolveProps) {
  const [reason, setReason] = useState("");
  const task = useTask();
  const onward = resolution.how === "go-on";
  const title = onward ? t("apart.goon", { seq: resolution.seq }) : t("apart.aside.ask", { n: resolution.count });
  const words = onward ? t("apart.goon.words", { n: resolution.missing }) : t("apart.aside.words");
  const send = (event: Event) => {
    event.preventDefault();
    void task.run(async () => {
      if (onward) await api.goOn(reader.id, resolution.seq, trimmed(reason));
      else await api.setAside(reader.id, resolution.kind, trimmed(reason));
      say(t("apart.done"));
      done();
      close();
    });
  };
  return (
    <Dialog title={title} close={close}>
      <form onSubmit={send}>
        <Note tone={onward ? "attention" : "deny"}>{words}</Note>
        <AreaField label={t("apart.why")} hint={t("apart.why.hint")} value={reason} change={setReason} area={{ required: true, maxLength: 200 }} />
        {task.failure !== null && <Failure of={task.failure} />}
        <footer class="row">
          <Button onClick={close}>{t("act.cancel")}</Button>
          <Button kind={onward ? "primary" : "danger"} type="submit" busy={task.busy} disabled={trimmed(reason) === ""}>{onward ? t("apart.goon.go") : t("apart.aside")}</Button>
        </footer>
      </form>
    </Dialog>
  );
}
