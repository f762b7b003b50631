/** What readers made of their days: use by hour and venue, refusals by reason, and what somebody should look at. */
import { useState } from "preact/hooks";
import * as api from "../../shared/api/readers.ts";
import { instant, language, minute, t, told } from "../../shared/i18n/index.ts";
import { SelectField } from "../../shared/ui/fields.tsx";
import { Empty, Failure, Note, Title, useLoad } from "../../shared/ui/kit.tsx";
import { link, may } from "../state.ts";
import { VenueName, serviceName, useLive } from "./parts.tsx";
import { Legend, Ranks, Stack } from "./plot.tsx";
import { span } from "./spans.ts";
import { VERDICTS, buckets, by, total, type Bucket } from "./tally.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SPANS = ["day", "week", "month"] as const;
type Length = (typeof SPANS)[number];

interface Window {
  readonly first: number;
  readonly last: number;
  readonly by: "hour" | "day";
}

/** Whole hours up to now, or whole days of the city, whose midnight the service knows (`offsetS` east of UTC). */
function windowOf(length: Length, now: number, offsetS: number): Window {
  if (length !== "month") {
    const last = (Math.floor(now / HOUR_MS) + 1) * HOUR_MS;
    return { first: last - (length === "day" ? 1 : 7) * DAY_MS, last, by: "hour" };
  }
  const last = (Math.floor((now + offsetS * 1000) / DAY_MS) + 1) * DAY_MS - offsetS * 1000;
  return { first: last - 30 * DAY_MS, last, by: "day" };
}

export function UseScreen() {
  const [venue, setVenue] = useState("");
  const [length, setLength] = useState<Length>("day");
  const venues = useLoad(api.venues, []);
  const configs = new Map(venues.data?.venues.map((one) => [one.id, one.config]));
  return (
    <>
      <section class="panel">
        <Title k="usage.title" sub={t("usage.sub")} />
        <div class="sieve bottomed">
          <SelectField label={t("readers.venue")} value={venue} change={setVenue} choices={[{ value: "", words: t("usage.allvenues") }, ...(venues.data?.venues ?? []).map((one) => ({ value: one.id, words: one.config.name }))]} />
          <div class="chips" role="group" aria-label={t("usage.span")}>
            {SPANS.map((one) => <button key={one} type="button" class="chip" aria-pressed={length === one} onClick={() => setLength(one)}>{t(`usage.span.${one}`)}</button>)}
          </div>
        </div>
        <Figures venue={venue} length={length} configs={configs} />
      </section>
      <TwicePanel venue={venue} configs={configs} />
      {may("operator") && <RevokedPanel configs={configs} />}
    </>
  );
}

interface FiguresProps {
  readonly venue: string;
  readonly length: Length;
  readonly configs: ReadonlyMap<string, api.VenueConfig>;
}

function Figures({ venue, length, configs }: FiguresProps) {
  const { data, failure, reload } = useLive((stop) => {
    const now = Date.now();
    // A day more than is shown: which midnight counts, the answer tells.
    const { first, last, by: step } = windowOf(length, now, 0);
    const asked = { since: new Date(first - DAY_MS).toISOString(), until: new Date(last).toISOString(), by: step };
    return api.use({ ...asked, ...(venue ? { venue } : {}) }, stop).then((found) => ({ ...found, now, length }));
  }, [venue, length], 60);
  if (failure !== null) return <Failure of={failure} again={reload} />;
  if (!data) return <p class="mute">{t("state.loading")}</p>;
  const { first, last, by: step } = windowOf(data.length, data.now, data.day_offset_s);
  const rows = data.rows.filter((one) => Date.parse(one.hour) >= first && Date.parse(one.hour) < last);
  if (rows.length === 0) return <Empty k="usage.none" />;
  const counts = total(rows);
  const refused = by(rows.filter((one) => one.verdict !== "allow"), (one) => `${one.verdict} ${one.reason}`);
  const found = buckets(rows, first, last, step);
  return (
    <div class="figures">
      <dl class="totals">
        {VERDICTS.map((name) => <div key={name} class={name}><dt>{t(`usage.${name}`)}</dt><dd>{counts[name].toLocaleString()}</dd></div>)}
      </dl>
      <figure>
        <figcaption><h2>{t(step === "hour" ? "usage.byhour" : "usage.byday")}</h2><Legend /></figcaption>
        <Stack buckets={found} tick={(at) => tick(at, data.length, data.day_offset_s)} long={(at) => long(at, step, data.day_offset_s)} label={t(step === "hour" ? "usage.byhour" : "usage.byday")} />
        <BucketTable found={found} step={step} long={(at) => long(at, step, data.day_offset_s)} />
      </figure>
      <div class="two">
        <section>
          <h2>{t("usage.refusals")}</h2>
          {refused.length === 0 ? <p class="mute">{t("usage.norefusals")}</p> : (
            <Ranks what={t("usage.reason")} label={t("usage.refusals")} rows={refused.map((one) => {
              const [verdict = "deny", reason = ""] = one.name.split(" ");
              return { name: one.name, count: one.all, tone: verdict as api.Verdict, words: <><b>{told("gatereason", reason) ?? reason}</b><small>{told("gatereason", `${reason}.do`) ?? t("usage.reason.other")}</small></> };
            })} />
          )}
        </section>
        <section>
          <h2>{t("usage.byvenue")}</h2>
          <ByVenue rows={rows} configs={configs} />
          <h2>{t("usage.byservice")}</h2>
          <Ranks what={t("do.service")} label={t("usage.byservice")} rows={by(rows, (one) => one.service ?? "").map((one) => ({ name: one.name, count: one.all, tone: "allow", words: serviceName(one.name || null) }))} />
        </section>
      </div>
    </div>
  );
}

/** Days are the city's; hours are those of this machine's clock. */
function tick(at: number, length: Length, offsetS: number): string {
  if (length === "month") return new Intl.DateTimeFormat(language.value, { month: "numeric", day: "numeric", timeZone: "UTC" }).format(at + offsetS * 1000);
  const form: Intl.DateTimeFormatOptions = length === "day" ? { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } : { weekday: "short", hour: "2-digit", hourCycle: "h23" };
  return new Intl.DateTimeFormat(language.value, form).format(at);
}

function long(at: number, step: "hour" | "day", offsetS: number): string {
  if (step === "hour") return minute(new Date(at).toISOString());
  return new Intl.DateTimeFormat(language.value, { dateStyle: "full", timeZone: "UTC" }).format(at + offsetS * 1000);
}

function BucketTable({ found, step, long: said }: { found: readonly Bucket[]; step: "hour" | "day"; long: (at: number) => string }) {
  const some = found.filter((one) => VERDICTS.some((name) => one.counts[name] > 0));
  return (
    <details class="behind">
      <summary>{t("usage.table")}</summary>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("usage.table")}>
        <table class="list small">
          <thead><tr><th scope="col">{t(step === "hour" ? "usage.hour" : "usage.day")}</th>{VERDICTS.map((name) => <th key={name} scope="col">{t(`usage.${name}`)}</th>)}</tr></thead>
          <tbody>{some.map((one) => <tr key={one.at}><td class="when">{said(one.at)}</td>{VERDICTS.map((name) => <td key={name} class="when">{one.counts[name].toLocaleString()}</td>)}</tr>)}</tbody>
        </table>
      </div>
    </details>
  );
}

function ByVenue({ rows, configs }: { rows: readonly api.UseRow[]; configs: ReadonlyMap<string, api.VenueConfig> }) {
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label={t("usage.byvenue")}>
      <table class="list small">
        <thead><tr><th scope="col">{t("readers.venue")}</th>{VERDICTS.map((name) => <th key={name} scope="col">{t(`usage.${name}`)}</th>)}</tr></thead>
        <tbody>{by(rows, (one) => one.venue).map((one) => <tr key={one.name}><td><VenueName id={one.name} config={configs.get(one.name)} /></td>{VERDICTS.map((name) => <td key={name} class="when">{one.counts[name].toLocaleString()}</td>)}</tr>)}</tbody>
      </table>
    </div>
  );
}

interface WatchProps {
  readonly venue?: string;
  readonly configs: ReadonlyMap<string, api.VenueConfig>;
}

function TwicePanel({ venue = "", configs }: WatchProps) {
  const { data, failure, reload } = useLive((stop) => api.twice(venue, stop), [venue], 60);
  return (
    <section class="panel">
      <header class="title"><div><h2>{t("twice.title")}</h2><p class="mute">{data ? t("twice.sub", { span: span(data.within_s), speed: data.fastest_km_h }) : ""}</p></div></header>
      {failure !== null && <Failure of={failure} again={reload} />}
      {data && data.rows.length === 0 && <Note tone="green">{t("twice.none")}</Note>}
      {data && data.rows.length > 0 && (
        <>
          <Note tone="attention">{t("twice.do")}</Note>
          {data.more && <Note tone="attention">{t("twice.more", { n: data.rows.length })}</Note>}
          <div class="scroll-x" tabIndex={0} role="region" aria-label={t("twice.title")}>
            <table class="list small">
              <thead><tr><th scope="col">{t("readers.venue")}</th><th scope="col">{t("twice.first")}</th><th scope="col">{t("twice.second")}</th><th scope="col">{t("twice.apart")}</th></tr></thead>
              <tbody>
                {data.rows.map((one) => (
                  <tr key={`${one.first_reader} ${one.second_reader} ${one.first} ${one.second}`}>
                    <td><VenueName id={one.venue} config={configs.get(one.venue)} /></td>
                    <td><Tap reader={one.first_reader} site={one.first_site} at={one.first} /></td>
                    <td><Tap reader={one.second_reader} site={one.second_site} at={one.second} /></td>
                    <td class="when">{span(one.apart_s)}{one.apart_m !== null && <small>{t("twice.metres", { km: (one.apart_m / 1000).toLocaleString(language.value, { maximumFractionDigits: 1 }) })}</small>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </section>
  );
}

function Tap({ reader, site, at }: { reader: string; site: string | null; at: string }) {
  return <><a href={link("readers", reader)}>{reader}</a>{site && <> · <bdi>{site}</bdi></>}<small>{instant(at)}</small></>;
}

function RevokedPanel({ configs }: WatchProps) {
  const { data, failure, reload } = useLive(api.admittedRevoked, [], 60);
  return (
    <section class="panel">
      <header class="title"><div><h2>{t("ghosts.title")}</h2><p class="mute">{t("ghosts.sub")}</p></div></header>
      {failure !== null && <Failure of={failure} again={reload} />}
      {data && data.rows.length === 0 && <Note tone="green">{t("ghosts.none")}</Note>}
      {data && data.rows.length > 0 && (
        <>
          <Note tone="attention">{t("ghosts.do")}</Note>
          <div class="scroll-x" tabIndex={0} role="region" aria-label={t("ghosts.title")}>
            <table class="list small">
              <thead><tr><th scope="col">{t("readers.venue")}</th><th scope="col">{t("readers.reader")}</th><th scope="col">{t("ghosts.at")}</th><th scope="col">{t("ghosts.after")}</th></tr></thead>
              <tbody>
                {data.rows.map((one) => (
                  <tr key={`${one.reader} ${one.at} ${one.revoked}`}>
                    <td><VenueName id={one.venue} config={configs.get(one.venue)} /></td>
                    <td><a href={link("readers", one.reader)}>{one.reader}</a></td>
                    <td class="when">{instant(one.at)}</td>
                    <td class="when">{span(one.after_s)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </>
      )}
    </section>
  );
}
