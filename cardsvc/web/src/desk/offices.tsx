/** Offices as a tree: each sees its own and what is below it. */
import { useState } from "preact/hooks";
import { putOffice, type Office, type Power } from "../shared/api/staff.ts";
import { t, told } from "../shared/i18n/index.ts";
import { SelectField, TextField, trimmed } from "../shared/ui/fields.tsx";
import { Button, Dialog, Failure, useTask } from "../shared/ui/kit.tsx";

const KINDS = ["centre", "community", "scenic", "company", "campus", "bank", "police", "department", "other"] as const;
const POWERS: readonly Power[] = ["file", "approve", "print", "police"];

interface Props {
  readonly offices: readonly Office[];
  readonly failure: unknown;
  readonly reload: () => void;
}

export function OfficeTree({ offices, failure, reload }: Props) {
  const [editing, setEditing] = useState<Office | null>(null);
  const known = new Set(offices.map((one) => one.id));
  const top = offices.filter((one) => !one.parent || !known.has(one.parent));
  return (
    <section class="panel">
      <header class="title">
        <h2>{t("office.title")}</h2>
        <div class="actions"><Button onClick={() => setEditing({ id: "", name: "", kind: "community", parent: null, may: ["file"] })}>{t("office.add")}</Button></div>
      </header>
      {failure !== null && <Failure of={failure} again={reload} />}
      <Level offices={offices} here={top} edit={setEditing} />
      {editing && <EditOffice office={editing} offices={offices} close={() => setEditing(null)} done={reload} />}
    </section>
  );
}

function Level({ offices, here, edit }: { offices: readonly Office[]; here: readonly Office[]; edit: (one: Office) => void }) {
  if (here.length === 0) return null;
  return (
    <ul class="tree">
      {here.map((one) => (
        <li key={one.id}>
          <button type="button" class="textlink" onClick={() => edit(one)}><bdi>{one.name}</bdi></button> <small class="mute">{told("officekind", one.kind) ?? one.kind}</small>
          <Level offices={offices} here={offices.filter((child) => child.parent === one.id)} edit={edit} />
        </li>
      ))}
    </ul>
  );
}

interface EditProps {
  readonly office: Office;
  readonly offices: readonly Office[];
  readonly close: () => void;
  readonly done: () => void;
}

function EditOffice({ office, offices, close, done }: EditProps) {
  const [id, setId] = useState(office.id);
  const [name, setName] = useState(office.name);
  const [kind, setKind] = useState(office.kind);
  const [parent, setParent] = useState(office.parent ?? "");
  const task = useTask();
  const [powers, setPowers] = useState<readonly Power[]>(office.may);
  const send = (event: Event) => {
    event.preventDefault();
    void task.run(async () => {
      await putOffice({ id: id.trim(), name: trimmed(name), kind, parent: parent || null, may: powers });
      done();
      close();
    });
  };
  return (
    <Dialog title={t(office.id ? "office.edit" : "office.add")} close={close}>
      <form onSubmit={send}>
        <TextField label={t("office.id")} value={id} change={setId} input={{ required: true, readOnly: office.id !== "" }} />
        <TextField label={t("staff.name")} value={name} change={setName} input={{ required: true, maxLength: 60 }} />
        <SelectField label={t("office.kind")} value={kind} change={setKind} choices={KINDS.map((value) => ({ value, words: t(`officekind.${value}`) }))} />
        <SelectField label={t("office.parent")} value={parent} change={setParent} choices={[{ value: "", words: t("none") }, ...offices.filter((one) => one.id !== office.id).map((one) => ({ value: one.id, words: one.name }))]} />
        <div class="ticks" role="group" aria-label={t("office.may")}>
          {POWERS.map((one) => (
            <label key={one} class={powers.includes(one) ? "tick on" : "tick"}>
              <input type="checkbox" checked={powers.includes(one)} onChange={(event) => setPowers(event.currentTarget.checked ? [...powers, one] : powers.filter((other) => other !== one))} />
              {t(`power.${one}`)}
            </label>
          ))}
        </div>
        {task.failure !== null && <Failure of={task.failure} />}
        <footer class="row"><Button onClick={close}>{t("act.cancel")}</Button><Button kind="primary" type="submit" busy={task.busy}>{t("act.save")}</Button></footer>
      </form>
    </Dialog>
  );
}
