/** Acts that wait for a second person. */
import { useState } from "preact/hooks";
import * as api from "../shared/api/cards.ts";
import { instant, moment, t, told } from "../shared/i18n/index.ts";
import { TextField } from "../shared/ui/fields.tsx";
import { Button, CardNumber, Dialog, Empty, Failure, Title, say, useLoad, useTask } from "../shared/ui/kit.tsx";
import { link, session } from "./state.ts";

export function Acts() {
  const { data, failure, reload } = useLoad(() => api.waitingActs(), []);
  const [refusing, setRefusing] = useState<api.Act | null>(null);
  const task = useTask();
  const approve = (act: api.Act) =>
    task.run(async () => {
      await api.approveAct(act.id);
      say(t("do.done"));
      reload();
    });
  return (
    <section class="panel">
      <Title k="acts.title" sub={t("acts.sub")} />
      {failure !== null && <Failure of={failure} again={reload} />}
      {task.failure !== null && <Failure of={task.failure} />}
      {data && data.acts.length === 0 && <Empty k="acts.empty" />}
      {data && data.acts.length > 0 && (
        <table class="list">
          <thead><tr><th scope="col">{t("acts.act")}</th><th scope="col">{t("queue.name")}</th><th scope="col">{t("do.reason")}</th><th scope="col">{t("acts.by")}</th><th scope="col"><span class="unseen">{t("acts.decide")}</span></th></tr></thead>
          <tbody>
            {data.acts.map((act) => (
              <tr key={act.id}>
                <td><b>{t(`do.${act.act}`)}</b>{act.service && <small>{told("service", act.service) ?? act.service}</small>}{act.chip && <small><code>{act.chip}</code></small>}{(act.permit_until ?? act.until) && <small>{act.permit_until ?? act.until}</small>}</td>
                <td><a href={link("cards", act.card)}><bdi>{act.name}</bdi></a><small><CardNumber number={act.card} /></small></td>
                <td>{act.reason}</td>
                <td>{act.requested_by}<small title={instant(act.at)}>{moment(act.at)}</small></td>
                <td class="row">
                  {act.requested_by === session.value?.staff.id ? <span class="mute">{t("acts.own")}</span> : (
                    <>
                      <Button kind="primary" busy={task.busy} onClick={() => void approve(act)}>{t("approve.go")}</Button>
                      <Button onClick={() => setRefusing(act)}>{t("refuse.go")}</Button>
                    </>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {refusing && <RefuseAct act={refusing} close={() => setRefusing(null)} done={reload} />}
    </section>
  );
}

function RefuseAct({ act, close, done }: { act: api.Act; close: () => void; done: () => void }) {
  const [words, setWords] = useState("");
  const task = useTask();
  const send = (event: Event) => {
    event.preventDefault();
    void task.run(async () => {
      await api.refuseAct(act.id, words.trim());
      done();
      close();
    });
  };
  return (
    <Dialog title={t("refuse.go")} close={close}>
      <form onSubmit={send}>
        <TextField label={t("do.reason")} value={words} change={setWords} input={{ required: true, autofocus: true }} />
        {task.failure !== null && <Failure of={task.failure} />}
        <footer class="row"><Button onClick={close}>{t("act.cancel")}</Button><Button kind="danger" type="submit" busy={task.busy} disabled={!words.trim()}>{t("refuse.go")}</Button></footer>
      </form>
    </Dialog>
  );
}
