/** Applications that residents sent from their phones: who comes next, found by name, reference or a scanned screen. */
import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { fromScreen, preRows, spelledReference, type PreRow } from "../shared/api/preapplications.ts";
import { countryName } from "../shared/countries.ts";
import { day, instant, language, moment, t, told } from "../shared/i18n/index.ts";
import { addShortcuts } from "../shared/keys.ts";
import { Badge, Button, Empty, Failure, Kbd, Names, Title, useEvery, useLoad, useTask } from "../shared/ui/kit.tsx";
import { walk } from "./queue.tsx";
import { go, link, staying } from "./state.ts";

const REFRESH_MS = 15_000;
const search = signal("");

/** A scanner that types on any screen: a phone's screen opens its application with the digits it showed. */
export function takeScreen(lines: readonly string[]): boolean {
  const screen = lines.map(fromScreen).find((one) => one !== null);
  if (screen) go("phoned", screen.reference, screen.seen);
  return screen !== undefined;
}

export function Preapplications() {
  const box = useRef<HTMLInputElement>(null);
  const { data, failure, reload, poll } = useLoad((stop) => preRows(search.value.trim(), stop), [search.value]);
  const rows = data?.rows ?? [];
  const next = rows[0];
  useEvery(REFRESH_MS, poll);
  useLayoutEffect(
    () =>
      addShortcuts([
        { key: "/", words: () => t("phoned.search"), run: () => setTimeout(() => box.current?.focus()) },
        { key: "j", words: () => t("phoned.next"), run: () => next && go("phoned", next.reference) },
      ]),
    [next?.reference],
  );
  const task = useTask();
  /** Whoever is found opens; else a reference in hand does, also of another office. */
  const find = (event: Event) => {
    event.preventDefault();
    if (takeScreen([search.value])) search.value = "";
    else
      void task.run(async () => {
        const still = staying();
        const [first] = (await preRows(search.value.trim())).rows;
        const reference = first?.reference ?? spelledReference(search.value);
        if (reference && still()) go("phoned", reference);
      });
  };
  return (
    <section class="panel">
      <Title k="phoned.title" sub={t("phoned.sub")}>
        {next && <Button hint="J" onClick={() => go("phoned", next.reference)}>{t("phoned.next")}</Button>}
      </Title>
      <form class="sieve" onSubmit={find}>
        <div class="search great">
          <label class="unseen" for="phoned-search">{t("phoned.search")}</label>
          <input id="phoned-search" ref={box} type="search" dir="auto" autocomplete="off" placeholder={t("phoned.search.hint")} value={search.value} onInput={(event) => (search.value = event.currentTarget.value)} />
          <Kbd keys="/" />
        </div>
      </form>
      {failure !== null && <Failure of={failure} again={reload} />}
      {task.failure !== null && <Failure of={task.failure} />}
      {data && (rows.length > 0 ? <Rows rows={rows} /> : <Empty k={search.value ? "queue.empty.search" : "phoned.empty"} />)}
    </section>
  );
}

function Rows({ rows }: { rows: readonly PreRow[] }) {
  return (
    <table class="list" onKeyDown={walk}>
      <thead>
        <tr>
          <th scope="col">{t("queue.name")}</th>
          <th scope="col">{t("queue.nationality")}</th>
          <th scope="col">{t("field.class")}</th>
          <th scope="col">{t("phoned.when")}</th>
          <th scope="col">{t("phoned.with")}</th>
          <th scope="col">{t("phoned.sent")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.reference}>
            <td><a href={link("phoned", row.reference)}><Names of={{ ...row, name: row.name || t("queue.nameless") }} /></a></td>
            <td>{row.nationality && countryName(row.nationality, language.value)}</td>
            <td>{row.class && told("class", row.class)}</td>
            <td><When of={row} /></td>
            <td>{!row.has_portrait && <span class="tag">{t("phoned.noportrait")}</span>} {row.together && <span class="tag">{t("queue.family")}</span>}</td>
            <td class="when" title={instant(row.sent_at)}>{moment(row.sent_at)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The appointment: green once the desk has said it, else a wish. */
export function When({ of: row }: { of: PreRow }) {
  if (!row.day || !row.half) return <span class="mute">{t("phoned.nowish")}</span>;
  return (
    <>
      {day(row.day)} {t(`half.${row.half}`)} <Badge tone={row.confirmed ? "green" : "quiet"}>{t(row.confirmed ? "phoned.agreed" : "phoned.wish")}</Badge>
    </>
  );
}
