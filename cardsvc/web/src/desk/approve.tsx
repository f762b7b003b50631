/** Many at once: everything that waits for a decision, what is unusual on top, a sample that must be opened. */
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { MOST_APPROVED, waitingForApproval, type QueueRow } from "../shared/api/desk.ts";
import { instant, moment, t } from "../shared/i18n/index.ts";
import { addShortcuts } from "../shared/keys.ts";
import { Button, Empty, Failure, Names, Note, Title, useLoad } from "../shared/ui/kit.tsx";
import { whyWords } from "./queue.tsx";
import { SignDialog } from "./sign.tsx";
import { link, list, session } from "./state.ts";

/** What is ticked stays so while one looks at a case and comes back; a case that changed meanwhile does not. */
const ticked = signal<ReadonlySet<string>>(new Set());
const tick = (row: QueueRow): string => `${row.id}/${row.version}`;

/** One approval names one submitter's cases of one office; so does one group here. */
function grouped(rows: readonly QueueRow[]): [string, QueueRow[]][] {
  const groups = new Map<string, QueueRow[]>();
  for (const row of rows) {
    const name = `${row.submitted_by ?? row.owner} · ${row.office}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return [...groups].map(([name, all]) => [name, all.sort((one, other) => other.why.length - one.why.length)]);
}

export function Approve() {
  const { data, failure, reload } = useLoad((stop) => waitingForApproval(stop), []);
  useEffect(() => void (list.value = "approve"), []);
  const groups = grouped(data?.rows ?? []);
  const own = groups.filter(([, rows]) => rows[0]?.submitted_by === session.value?.staff.id);
  return (
    <section class="panel">
      <Title k="approve.page" sub={t("approve.sub")} />
      {failure !== null && <Failure of={failure} again={reload} />}
      {data && groups.length === 0 && <Empty k="approve.empty" />}
      {data?.more && <Note tone="quiet">{t("approve.more", { n: MOST_APPROVED })}</Note>}
      {groups.map(([name, rows]) => <Group key={name} name={name} rows={rows} own={own.some(([mine]) => mine === name)} reload={reload} />)}
    </section>
  );
}

interface GroupProps {
  readonly name: string;
  readonly rows: readonly QueueRow[];
  readonly own: boolean;
  readonly reload: () => void;
}

function Group({ name, rows, own, reload }: GroupProps) {
  const [signing, setSigning] = useState(false);
  const chosen = rows.filter((row) => ticked.value.has(tick(row)));
  const choose = (some: readonly QueueRow[], on: boolean) => {
    const next = new Set(ticked.value);
    for (const row of some) on ? next.add(tick(row)) : next.delete(tick(row));
    ticked.value = next;
  };
  const all = chosen.length === rows.length;
  useLayoutEffect(() => addShortcuts(chosen.length > 0 ? [{ key: "y", words: () => t("approve.go"), run: () => setSigning(true) }] : []), [chosen.length]);
  return (
    <section class="group">
      <header class="row">
        <h2><bdi>{name}</bdi> <span class="count">{rows.length}</span></h2>
        <span class="grow" />
        {own ? <p class="mute">{t("approve.own")}</p> : (
          <Button kind="primary" hint="Y" disabled={chosen.length === 0} onClick={() => setSigning(true)}>{t("approve.some", { n: chosen.length })}</Button>
        )}
      </header>
      <table class="list">
        <thead>
          <tr>
            <th scope="col"><input type="checkbox" aria-label={t("approve.all")} checked={all} disabled={own} onChange={() => choose(rows, !all)} /></th>
            <th scope="col">{t("queue.name")}</th>
            <th scope="col">{t("queue.why")}</th>
            <th scope="col">{t("queue.since")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <td><input type="checkbox" aria-label={row.name} checked={chosen.includes(row)} disabled={own} onChange={() => choose([row], !chosen.includes(row))} /></td>
              <td><a href={link("case", row.id)}><Names of={row} /></a></td>
              <td>{row.why.map(whyWords).join(" ")}{row.family && <span class="tag">{t("queue.family")}</span>}</td>
              <td class="when" title={instant(row.since)}>{moment(row.since)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {signing && (
        <SignDialog cases={chosen.map(({ id, version }) => ({ id, version }))} names={new Map(rows.map((row) => [row.id, row.name]))} close={() => setSigning(false)} done={reload} />
      )}
    </section>
  );
}
