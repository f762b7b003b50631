/** Who stands at the doors and how it fares, live; who may still be wrong about a card; codes on their way. */
import { signal } from "@preact/signals";
import * as api from "../../shared/api/readers.ts";
import { minute, t } from "../../shared/i18n/index.ts";
import { Button, Empty, Failure, Title, useTask } from "../../shared/ui/kit.tsx";
import { link, may } from "../state.ts";
import { ExposedPanel } from "./exposed.tsx";
import { Ago, KindIcon, STANDINGS, StandingBadge, VenueName, standing, useLive, waiting, type Standing } from "./parts.tsx";

const search = signal("");
type Filter = Standing | "waiting" | null;
const filter = signal<Filter>(null);
/** More rows than anybody reads; a search or a filter shows the others. */
const MOST = 200;
/** What somebody should look at stands first. */
const ORDER: Readonly<Record<Standing, number>> = { stale: 0, silent: 1, new: 2, active: 3, revoked: 4 };

export function ReadersScreen() {
  const { data, failure, reload } = useLive(api.readers, []);
  const venues = useLive(api.venues, [], 60);
  const configs = new Map(venues.data?.venues.map((one) => [one.id, one.config]));
  const shown = data ? chosen(data.readers) : [];
  return (
    <>
      <section class="panel">
        <Title k="readers.title" sub={t("readers.sub")}>
          {may("operator") && <a class="button primary" href={link("readers", "new")}>{t("readers.add")}</a>}
        </Title>
        {failure !== null && <Failure of={failure} again={reload} />}
        {data && data.readers.length > 0 && <Sieve readers={data.readers} />}
        {data && data.readers.length === 0 && <Empty k={may("operator") ? "readers.none" : "readers.none.yours"} />}
        {data && data.readers.length > 0 && shown.length === 0 && <Empty k="readers.nobody" />}
        {shown.length > 0 && <List readers={shown.slice(0, MOST)} configs={configs} />}
        {shown.length > MOST && <p class="hint">{t("readers.more", { n: shown.length - MOST })}</p>}
      </section>
      {data && data.codes.length > 0 && <Codes codes={data.codes} configs={configs} reload={reload} />}
      {data && data.readers.length > 0 && <ExposedPanel readers={data.readers} configs={configs} />}
    </>
  );
}

function chosen(readers: readonly api.Reader[]): api.Reader[] {
  const words = search.value.trim().toLowerCase();
  const wanted = filter.value;
  return readers
    .filter((one) => (wanted === null ? standing(one) !== "revoked" || waiting(one) > 0 : wanted === "waiting" ? waiting(one) > 0 : standing(one) === wanted))
    .filter((one) => [one.id, one.venue, one.site ?? ""].some((text) => text.toLowerCase().includes(words)))
    .sort((one, other) => rank(one) - rank(other) || one.venue.localeCompare(other.venue) || one.id.localeCompare(other.id, "en", { numeric: true }));
}
const rank = (one: api.Reader): number => ORDER[standing(one)] - (waiting(one) > 0 ? 0.5 : 0);

function Sieve({ readers }: { readers: readonly api.Reader[] }) {
  const count = (of: Standing) => readers.filter((one) => standing(one) === of).length;
  const records = readers.reduce((sum, one) => sum + waiting(one), 0);
  const flip = (to: Filter) => (filter.value = filter.value === to ? null : to);
  return (
    <div class="sieve">
      <div class="chips" role="group" aria-label={t("queue.filters")}>
        {STANDINGS.map((of) => (
          <button key={of} type="button" class="chip" aria-pressed={filter.value === of} onClick={() => flip(of)}>
            {t(`standing.${of}`)} <span class="count">{count(of)}</span>
          </button>
        ))}
        <button type="button" class="chip" aria-pressed={filter.value === "waiting"} onClick={() => flip("waiting")}>
          {t("readers.waiting")} <span class="count">{records}</span>
        </button>
      </div>
      <div class="search">
        <label class="unseen" for="reader-search">{t("readers.search")}</label>
        <input id="reader-search" type="search" dir="auto" autocomplete="off" placeholder={t("readers.search")} value={search.value} onInput={(event) => (search.value = event.currentTarget.value)} />
      </div>
    </div>
  );
}

interface ListProps {
  readonly readers: readonly api.Reader[];
  readonly configs: ReadonlyMap<string, api.VenueConfig>;
}

function List({ readers, configs }: ListProps) {
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label={t("readers.title")}>
      <table class="list readers">
        <thead>
          <tr>
            <th scope="col">{t("readers.reader")}</th><th scope="col">{t("readers.venue")}</th><th scope="col">{t("readers.state")}</th>
            <th scope="col">{t("readers.data")}</th><th scope="col">{t("readers.seen")}</th><th scope="col">{t("readers.records")}</th>
          </tr>
        </thead>
        <tbody>
          {readers.map((one) => (
            <tr key={one.id}>
              <td>
                <KindIcon of={one.kind} />
                <a href={link("readers", one.id)}>{one.id}</a>
                {one.site && <small><bdi>{one.site}</bdi></small>}
              </td>
              <td><VenueName id={one.venue} config={configs.get(one.venue)} /></td>
              <td><StandingBadge of={standing(one)} /></td>
              <td class="when"><Ago at={one.data_at} none={t("readers.nodata")} /></td>
              <td class="when"><Ago at={one.seen} /></td>
              <td class="when">
                {one.records.toLocaleString()}
                {waiting(one) > 0 && <a class="tag warn" href={link("readers", one.id)}>{t("readers.apart", { n: waiting(one) })}</a>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface CodesProps {
  readonly codes: readonly api.WaitingCode[];
  readonly configs: ReadonlyMap<string, api.VenueConfig>;
  readonly reload: () => void;
}

function Codes({ codes, configs, reload }: CodesProps) {
  const task = useTask();
  return (
    <section class="panel">
      <header class="title"><div><h2>{t("codes.title")}</h2><p class="mute">{t("codes.sub")}</p></div></header>
      {task.failure !== null && <Failure of={task.failure} />}
      <div class="scroll-x" tabIndex={0} role="region" aria-label={t("codes.title")}>
        <table class="list small">
          <thead><tr><th scope="col">{t("readers.reader")}</th><th scope="col">{t("readers.venue")}</th><th scope="col">{t("codes.by")}</th><th scope="col">{t("codes.until")}</th>{may("operator") && <th scope="col"><span class="unseen">{t("codes.end")}</span></th>}</tr></thead>
          <tbody>
            {codes.map((one) => (
              <tr key={one.reader}>
                <td><KindIcon of={one.kind} />{one.reader}{one.site && <small><bdi>{one.site}</bdi></small>}</td>
                <td><VenueName id={one.venue} config={configs.get(one.venue)} /></td>
                <td>{one.made_by}</td>
                <td class="when">{minute(one.expires)}</td>
                {may("operator") && <td><Button kind="quiet" busy={task.busy} aria-label={t("codes.end.one", { reader: one.reader })} onClick={() => void task.run(async () => (await api.endCode(one.reader), reload()))}>{t("codes.end")}</Button></td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
