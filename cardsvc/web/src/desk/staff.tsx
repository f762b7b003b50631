/** Who works here, in which office; inviting, locking, recovering. */
import { useState } from "preact/hooks";
import * as api from "../shared/api/staff.ts";
import { minute, t, type Key } from "../shared/i18n/index.ts";
import { SelectField, TextField, trimmed } from "../shared/ui/fields.tsx";
import { Badge, Button, Dialog, Failure, Note, Title, say, useLoad, useTask } from "../shared/ui/kit.tsx";
import { SERVICES } from "../shared/choices.ts";
import { OfficeTree } from "./offices.tsx";

export const ROLES: readonly api.Role[] = ["clerk", "approver", "printer", "operator", "officer", "department", "auditor", "dpo"];

const isLocked = (one: api.StaffMember): boolean => one.state === "locked";

function State({ of }: { of: api.StaffMember }) {
  if (isLocked(of)) return <Badge tone="deny">{t("staff.locked")}</Badge>;
  if (of.signs_in_with.length > 0) return <Badge tone="green">{t("staff.active")}</Badge>;
  return <Badge tone={of.invited ? "attention" : "quiet"}>{t(of.invited ? "staff.invited" : "staff.outside")}</Badge>;
}

export function Staff() {
  const people = useLoad(() => api.staffList(), []);
  const offices = useLoad(() => api.officeList(), []);
  const [adding, setAdding] = useState(false);
  const [invited, setInvited] = useState<api.Invited | null>(null);
  const task = useTask();
  const invite = (id: string) => task.run(async () => setInvited(await api.inviteStaff(id)));
  const lock = (one: api.StaffMember) =>
    task.run(async () => {
      await api.lockStaff(one.id, !isLocked(one));
      people.reload();
    });
  return (
    <>
      <section class="panel">
        <Title k="staff.title"><Button kind="primary" onClick={() => setAdding(true)}>{t("staff.add")}</Button></Title>
        {people.failure !== null && <Failure of={people.failure} again={people.reload} />}
        {task.failure !== null && <Failure of={task.failure} />}
        {people.data && (
          <table class="list">
            <thead><tr><th scope="col">{t("staff.name")}</th><th scope="col">{t("staff.role")}</th><th scope="col">{t("staff.office")}</th><th scope="col">{t("staff.state")}</th><th scope="col"><span class="unseen">{t("staff.acts")}</span></th></tr></thead>
            <tbody>
              {people.data.staff.map((one) => (
                <tr key={one.id}>
                  <td><b><bdi>{one.name}</bdi></b><small>{one.id}</small></td>
                  <td>{t(`role.${one.role}`)}</td>
                  <td><bdi>{one.office}</bdi></td>
                  <td><State of={one} /></td>
                  <td class="row end">
                    <Button onClick={() => void invite(one.id)}>{t("staff.invite")}</Button>
                    <Button kind="quiet" onClick={() => void lock(one)}>{t(isLocked(one) ? "staff.unlock" : "staff.lock")}</Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      <OfficeTree offices={offices.data?.offices ?? []} failure={offices.failure} reload={offices.reload} />
      {adding && <AddStaff offices={offices.data?.offices ?? []} close={() => setAdding(false)} done={people.reload} />}
      {invited && <Invitation of={invited} close={() => setInvited(null)} />}
    </>
  );
}

function Invitation({ of, close }: { of: api.Invited; close: () => void }) {
  const copy = async () => {
    await navigator.clipboard.writeText(of.url);
    say(t("staff.copied"));
  };
  return (
    <Dialog title={t("staff.invitation")} close={close}>
      <p>{t("staff.invitation.words")}</p>
      <code class="wrap">{of.url}</code>
      <p class="mute">{t("invitation.until", { when: minute(of.expires) })}</p>
      <Note tone="attention">{t("staff.invitation.once")}</Note>
      <footer class="row"><Button onClick={() => void copy()}>{t("staff.copy")}</Button><Button kind="primary" onClick={close}>{t("act.close")}</Button></footer>
    </Dialog>
  );
}

interface AddProps {
  readonly offices: readonly api.Office[];
  readonly close: () => void;
  readonly done: () => void;
}

function AddStaff({ offices, close, done }: AddProps) {
  const [id, setId] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<api.Role>("clerk");
  const [office, setOffice] = useState("");
  const [services, setServices] = useState<readonly string[]>([]);
  const task = useTask();
  const send = (event: Event) => {
    event.preventDefault();
    void task.run(async () => {
      await api.addStaff({ id: id.trim(), name: trimmed(name), role, office, ...(role === "department" ? { services } : {}) });
      done();
      close();
    });
  };
  return (
    <Dialog title={t("staff.add")} close={close}>
      <form onSubmit={send}>
        <TextField label={t("signin.staff")} hint={t("staff.id.hint")} value={id} change={setId} input={{ required: true, pattern: "[a-z][a-z0-9._\\-]{1,31}", autofocus: true }} />
        <TextField label={t("staff.name")} value={name} change={setName} input={{ required: true, maxLength: 120 }} />
        <SelectField label={t("staff.role")} value={role} change={(next) => setRole(next as api.Role)} choices={ROLES.map((value) => ({ value, words: t(`role.${value}`) }))} />
        <SelectField label={t("staff.office")} value={office} change={setOffice} choices={[{ value: "", words: t("choose") }, ...offices.map((one) => ({ value: one.id, words: one.name }))]} select={{ required: true }} />
        {role === "department" && (
          <div class="ticks" role="group" aria-label={t("field.services")}>
            {SERVICES.map((one) => <label key={one} class={services.includes(one) ? "tick on" : "tick"}><input type="checkbox" checked={services.includes(one)} onChange={(event) => setServices(event.currentTarget.checked ? [...services, one] : services.filter((other) => other !== one))} />{t(`service.${one}` as Key)}</label>)}
          </div>
        )}
        {task.failure !== null && <Failure of={task.failure} />}
        <footer class="row"><Button onClick={close}>{t("act.cancel")}</Button><Button kind="primary" type="submit" busy={task.busy}>{t("act.save")}</Button></footer>
      </form>
    </Dialog>
  );
}
