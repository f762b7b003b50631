/** The keys that approve: who holds one, and who asks for one. */
import { useState } from "preact/hooks";
import { approveKey, approverKeys, removeKey, turnKeyDown, type ApproverKey, type KeyRequest } from "../shared/api/staff.ts";
import { instant, t, type Key } from "../shared/i18n/index.ts";
import { Button, Dialog, Empty, Failure, Note, Title, say, useLoad, useTask } from "../shared/ui/kit.tsx";
import { may, session } from "./state.ts";

const owned = (services: readonly string[]) => services.map((name) => ` · ${t(`service.${name}` as Key)}`).join("");

/** The key goes on approving as it was let in, whatever the roll says since. */
function differs(roll: NonNullable<ApproverKey["roll"]>): string {
  if (roll.role === "") return t("keys.roll.gone");
  const says = `${t(`role.${roll.role}`)} · ${roll.office}${owned(roll.services)}`;
  return t(roll.state === "active" ? "keys.roll" : "keys.roll.locked", { says });
}

export function Keys() {
  const { data, failure, reload } = useLoad(() => approverKeys(), []);
  const task = useTask();
  const approve = (request: KeyRequest) =>
    task.run(async () => {
      await approveKey(request.id);
      say(t("keys.approved"));
      reload();
    });
  const [leaving, setLeaving] = useState<ApproverKey | null>(null);
  const turnDown = (request: KeyRequest) =>
    task.run(async () => {
      await turnKeyDown(request.id);
      reload();
    });
  /** Nobody lets a key of their own in; a right may be taken away by anybody who has it. */
  const mayApprove = (one: KeyRequest) => may("approver") && !one.approvals.includes(me) && (one.kind === "remove" || one.staff !== me);
  const me = session.value?.staff.id ?? "";
  return (
    <section class="panel">
      <Title k="keys.title" sub={t("keys.sub")} />
      {session.value?.approver_key === "waiting" && <Note tone="attention">{t("keys.mine.waiting")}</Note>}
      {failure !== null && <Failure of={failure} again={reload} />}
      {task.failure !== null && <Failure of={task.failure} />}
      {data?.requests.map((request) => (
        <article key={request.id} class="job">
          <header class="row">
            <div>
              <b><bdi>{request.name}</bdi></b> <span class="mute">{t(`role.${request.role}`)} · <bdi>{request.office}</bdi>{owned(request.services)} · <bdi>{request.label}</bdi></span>
              <p class="hint">{t("keys.fingerprint")} <code>{request.fingerprint}</code></p>
            </div>
            <span class="grow" />
            <span class="mute">{t("keys.count", { n: request.approvals.length, of: request.needed })}</span>
            {mayApprove(request) && <Button kind={request.kind === "remove" ? "danger" : "primary"} busy={task.busy} onClick={() => void approve(request)}>{t(request.kind === "remove" ? "keys.remove.sign" : "keys.approve")}</Button>}
            {may("approver") && <Button busy={task.busy} onClick={() => void turnDown(request)}>{t("keys.down")}</Button>}
          </header>
          <p class="hint">{t(request.kind === "remove" ? "keys.leaves" : "keys.compare")}</p>
        </article>
      ))}
      {data && data.keys.length === 0 && <Empty k="keys.empty" />}
      {data && data.keys.length > 0 && (
        <table class="list">
          <thead><tr><th scope="col">{t("staff.name")}</th><th scope="col">{t("staff.role")}</th><th scope="col">{t("staff.office")}</th><th scope="col">{t("keys.label")}</th><th scope="col">{t("keys.since")}</th><th scope="col"><span class="unseen">{t("staff.acts")}</span></th></tr></thead>
          <tbody>
            {data.keys.map((key) => (
              <tr key={key.credential}>
                <td><bdi>{key.name}</bdi></td>
                <td>{t(`role.${key.role}`)}{owned(key.services)}</td>
                <td>
                  <bdi>{key.office}</bdi>
                  {key.roll && <Note tone="attention">{differs(key.roll)}</Note>}
                </td>
                <td><bdi>{key.label}</bdi><small><code>{key.fingerprint}</code></small></td>
                <td>{instant(key.since)}</td>
                <td>{may("approver") && <Button onClick={() => setLeaving(key)}>{t("keys.remove")}</Button>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {leaving && <Remove key={leaving.credential} of={leaving} close={() => setLeaving(null)} done={reload} />}
    </section>
  );
}

/** One signature of somebody who may approve takes the right from a key. */
function Remove({ of, close, done }: { of: ApproverKey; close: () => void; done: () => void }) {
  const task = useTask();
  const remove = () =>
    task.run(async () => {
      try {
        await removeKey(of.credential);
      } finally {
        // Asked and not signed, it waits in the list.
        done();
      }
      say(t("keys.removed"));
      close();
    });
  return (
    <Dialog title={t("keys.remove.title")} close={close}>
      <p><b><bdi>{of.name}</bdi></b> · <bdi>{of.label}</bdi> <code>{of.fingerprint}</code></p>
      <Note tone="attention">{t("keys.remove.words", { name: of.name })}</Note>
      {task.failure !== null && <Failure of={task.failure} />}
      <footer class="row">
        <Button onClick={close}>{t("act.cancel")}</Button>
        <Button kind="danger" busy={task.busy} onClick={() => void remove()}>{t("keys.remove.sign")}</Button>
      </footer>
    </Dialog>
  );
}
