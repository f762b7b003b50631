/** A family: accepted together, decided one by one, issued together. */
import { useState } from "preact/hooks";
import * as api from "../shared/api/desk.ts";
import { t } from "../shared/i18n/index.ts";
import { Badge, Button, Dialog, Failure, useLoad, useTask } from "../shared/ui/kit.tsx";
import { TONES } from "./case.tsx";
import { textOf } from "./fields.ts";
import { go, link, staying } from "./state.ts";

interface Props {
  readonly one: api.Case;
  readonly application: api.Fields;
  readonly reload: (next: api.Case) => void;
}

export function FamilyBox({ one, application, reload }: Props) {
  const { data, reload: again } = useLoad(async () => (one.family ? await api.family(one.family) : null), [one.family]);
  const [joining, setJoining] = useState(false);
  const task = useTask();
  const editable = one.allowed.includes("edit");
  if (!one.family && !editable) return null;
  const refresh = async () => {
    reload(await api.openCase(one.id));
    again();
  };
  /** A relative's application begins with what a family shares. */
  const addMember = () =>
    task.run(async () => {
      const still = staying();
      const shared = ["surname", "nationality", "passport_country", "language", "address", "phone"];
      const begun = Object.fromEntries(shared.map((name) => [name, textOf(application, name)]).filter(([, value]) => value));
      const made = await api.newCase({ ...begun, class: "family" });
      if (one.family) await api.joinFamily(one.family, made.id);
      else await api.newFamily([one.id, made.id], one.id);
      if (still()) go("case", made.id);
    });
  return (
    <section class="tile">
      <h2>{t("family.title")}</h2>
      {data && (
        <ul class="kin">
          {data.cases.map((kin) => (
            <li key={kin.case}>
              {kin.case === one.id ? <b><bdi>{kin.name || t("queue.nameless")}</bdi></b> : <a href={link("case", kin.case)}><bdi>{kin.name || t("queue.nameless")}</bdi></a>}
              {kin.is_guardian && <span class="tag">{t("family.guardian")}</span>}
              <Badge tone={TONES[kin.state]}>{t(`state.${kin.state}`)}</Badge>
            </li>
          ))}
        </ul>
      )}
      {task.failure !== null && <Failure of={task.failure} />}
      {editable && (
        <div class="row">
          <Button kind="quiet" busy={task.busy} onClick={() => void addMember()}>{t("family.add")}</Button>
          {!one.family && <Button kind="quiet" onClick={() => setJoining(true)}>{t("family.join")}</Button>}
          {one.family && <Button kind="quiet" onClick={() => void task.run(async () => {
            await api.leaveFamily(one.family ?? "", one.id);
            await refresh();
          })}>{t("family.leave")}</Button>}
        </div>
      )}
      {joining && <Join one={one} close={() => setJoining(false)} done={refresh} />}
    </section>
  );
}

/** Choose the guardian among the applications of the office. */
function Join({ one, close, done }: { one: api.Case; close: () => void; done: () => Promise<void> }) {
  const [search, setSearch] = useState("");
  const { data, failure } = useLoad((stop) => api.queue({ search }, stop), [search]);
  const task = useTask();
  const join = (row: api.QueueRow) =>
    task.run(async () => {
      if (row.family) await api.joinFamily(row.family, one.id);
      else await api.newFamily([row.id, one.id], row.id);
      await done();
      close();
    });
  const rows = data?.rows.filter((row) => row.id !== one.id && ["draft", "submitted"].includes(row.state)) ?? [];
  return (
    <Dialog title={t("family.join")} close={close}>
      <p>{t("family.join.words")}</p>
      <input type="search" dir="auto" aria-label={t("queue.search")} placeholder={t("queue.search.hint")} value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
      {failure !== null && <Failure of={failure} />}
      {task.failure !== null && <Failure of={task.failure} />}
      <ul class="kin">
        {rows.slice(0, 8).map((row) => (
          <li key={row.id}>
            <bdi>{row.name || row.reference}</bdi>
            <Button busy={task.busy} onClick={() => void join(row)}>{t("family.choose")}</Button>
          </li>
        ))}
      </ul>
      {data && rows.length === 0 && <p class="mute">{t("queue.empty.search")}</p>}
    </Dialog>
  );
}
