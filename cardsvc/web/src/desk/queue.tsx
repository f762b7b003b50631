/** The work queue: what waits, and one key for the next thing. */
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { queue, type QueueRow } from "../shared/api/desk.ts";
import { countryName } from "../shared/countries.ts";
import { inOther, instant, language, moment, t, told, type Key } from "../shared/i18n/index.ts";
import { addShortcuts } from "../shared/keys.ts";
import { Badge, Button, Empty, Failure, Kbd, Names, Title, reasonWords, say, useEvery, useLoad, type Tone } from "../shared/ui/kit.tsx";
import { go, link, list, may, session } from "./state.ts";

/** What the filters ask for; the first fits the person's work. */
const FILTERS = ["mine", "draft", "submitted", "issued", "refused", "all"] as const;
type Filter = (typeof FILTERS)[number];

const filter = signal<Filter>("mine");
const search = signal("");

/** What waits for whoever looks: drafts for a clerk, decisions for an approver, prints for a printer. */
function waitingFor(): string {
  return may("approver") ? "approval" : may("printer") ? "printing" : may("clerk") ? "clerk" : "";
}

function asked(): { state?: string; waiting_for?: string; search?: string } {
  const words = search.value.trim();
  const look = words ? { search: words } : {};
  if (filter.value === "mine") return { ...look, waiting_for: waitingFor() };
  return filter.value === "all" ? look : { ...look, state: filter.value };
}

/** Two clerks see each other's work without asking; who comes back to the window sees it at once. */
const REFRESH_MS = 10_000;

export function QueueScreen() {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => void (list.value = "queue"), []);
  const { data, failure, reload, poll } = useLoad((stop) => queue(asked(), stop), [filter.value, search.value, session.value?.staff.id]);
  useEvery(REFRESH_MS, poll);
  useEffect(() => {
    window.addEventListener("focus", reload);
    return () => window.removeEventListener("focus", reload);
  }, []);
  const rows = data?.rows ?? [];
  const next = rows.find((row) => row.waiting_for === waitingFor()) ?? rows[0];
  useLayoutEffect(
    () =>
      addShortcuts([
        { key: "/", words: () => t("queue.search"), run: () => setTimeout(() => box.current?.focus()) },
        { key: "j", words: () => t("queue.next"), run: () => next && go("case", next.id) },
      ]),
    [next?.id],
  );
  useEffect(() => {
    if (data) say(t("queue.count", { n: rows.length }));
  }, [data]);
  return (
    <section class="panel">
      <Title k="queue.title">
        {next && <Button hint="J" onClick={() => go("case", next.id)}>{t("queue.next")}</Button>}
        {may("clerk") && <Button onClick={() => go("import")}>{t("queue.import")}</Button>}
        {may("clerk") && <Button kind="primary" hint="N" onClick={() => go("new")}>{t("queue.new")}</Button>}
      </Title>
      <div class="sieve">
        <div class="chips" role="group" aria-label={t("queue.filters")}>
          {FILTERS.map((one) => (
            <button key={one} type="button" class="chip" aria-pressed={filter.value === one} onClick={() => (filter.value = one)}>
              {t(`queue.filter.${one}`)}
              {one in (data?.counts ?? {}) && <span class="count">{data?.counts[one as "draft"]}</span>}
            </button>
          ))}
        </div>
        <div class="search">
          <label class="unseen" for="queue-search">{t("queue.search")}</label>
          <input id="queue-search" ref={box} type="search" dir="auto" autocomplete="off" placeholder={t("queue.search.hint")} value={search.value} onInput={(event) => (search.value = event.currentTarget.value)} />
          <Kbd keys="/" />
        </div>
      </div>
      {failure !== null && <Failure of={failure} again={reload} />}
      {data && (rows.length > 0 ? <Rows rows={rows} /> : <Nothing />)}
      {data?.next && <p class="mute">{t("queue.more")}</p>}
    </section>
  );
}

function Nothing() {
  return (
    <Empty k={search.value ? "queue.empty.search" : filter.value === "mine" ? "queue.empty.mine" : "queue.empty"}>
      {may("clerk") && !search.value && <Button kind="primary" hint="N" onClick={() => go("new")}>{t("queue.new")}</Button>}
    </Empty>
  );
}

/** Arrow keys walk the names; Enter opens. */
export function walk(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !(event.target instanceof HTMLElement)) return;
  const all = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("tbody a")];
  const here = all.indexOf(event.target);
  if (here < 0) return;
  event.preventDefault();
  all[here + step]?.focus();
}

function Rows({ rows }: { rows: readonly QueueRow[] }) {
  return (
    <table class="list" onKeyDown={walk}>
      <thead>
        <tr>
          <th scope="col">{t("queue.name")}</th>
          <th scope="col">{t("queue.nationality")}</th>
          <th scope="col">{t("queue.waiting")}</th>
          <th scope="col">{t("queue.since")}</th>
          <th scope="col">{t("queue.why")}</th>
          <th scope="col">{t("role.clerk")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <td><a href={link("case", row.id)}><Names of={{ ...row, name: row.name || t("queue.nameless") }} /></a></td>
            <td><Country code={row.nationality} /></td>
            <td><Badge tone={toneOf(row)}>{t(waitingWords(row))}</Badge></td>
            <td class="when" title={instant(row.since)}>{moment(row.since)}</td>
            <td class="why"><span class="words" dir="auto" title={row.why.map(whyWords).join("\n")}>{row.why[0] ? whyWords(row.why[0]) : ""}</span>{row.family && <span class="tag">{t("queue.family")}</span>}</td>
            <td class="when"><bdi>{row.owner}</bdi></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What a clerk is told to do stands as it was written; what the service found, with the field it is about. */
export function whyWords(one: QueueRow["why"][number]): string {
  if (one.reason === "returned") return one.words;
  const field = one.field && told("field", one.field);
  return field ? `${field}: ${reasonWords(one.reason, one.words)}` : reasonWords(one.reason, one.words);
}

function waitingWords(row: QueueRow): Key {
  return row.waiting_for === "nobody" || row.state !== "submitted" && row.waiting_for !== "clerk" ? `state.${row.state}` : `waiting.${row.waiting_for}`;
}

function toneOf({ state, waiting_for, why }: QueueRow): Tone {
  if (state === "refused" || state === "failed") return "deny";
  if (state === "draft") return why.length > 0 ? "attention" : "quiet";
  return waiting_for === "nobody" && state !== "issued" ? "quiet" : "green";
}

/** `Yemen 也门`: whoever reads either language knows it. */
export function Country({ code }: { code: string | null }) {
  if (!code) return <>—</>;
  const other = inOther("queue.title").lang;
  return (
    <>
      {countryName(code, language.value)} <span class="other" lang={other}>{countryName(code, other)}</span>
    </>
  );
}
