/** Which readers may still accept a card that was revoked, and until when at the latest. */
import { useState } from "preact/hooks";
import * as api from "../../shared/api/readers.ts";
import { minute, t } from "../../shared/i18n/index.ts";
import { Failure, Note } from "../../shared/ui/kit.tsx";
import { link } from "../state.ts";
import { Ago, StandingBadge, VenueName, standing, useLive } from "./parts.tsx";

interface Props {
  readonly readers: readonly api.Reader[];
  readonly configs: ReadonlyMap<string, api.VenueConfig>;
}

export function ExposedPanel({ readers, configs }: Props) {
  const [now, setNow] = useState(false);
  const { data, failure, reload } = useLive((stop) => api.exposed(now ? new Date().toISOString() : null, stop), [now], 15);
  const known = new Map(readers.map((one) => [one.id, one]));
  const online = (one: { readonly reader: string }) => known.get(one.reader)?.state === "active";
  const cut = data?.readers.filter((one) => !online(one)) ?? [];
  const last = cut.reduce((until, one) => (one.until && one.until > until ? one.until : until), "");
  return (
    <section class="panel">
      <header class="title">
        <div><h2>{t("exposed.title")}</h2><p class="mute">{t("exposed.sub")}</p></div>
        <div class="chips end" role="group" aria-label={t("exposed.when")}>
          <button type="button" class="chip" aria-pressed={!now} onClick={() => setNow(false)}>{t("exposed.last")}</button>
          <button type="button" class="chip" aria-pressed={now} onClick={() => setNow(true)}>{t("exposed.now")}</button>
        </div>
      </header>
      {failure !== null && <Failure of={failure} again={reload} />}
      {data && data.readers.length === 0 && <Note tone="green">{t("exposed.none", { when: minute(data.since) })}</Note>}
      {data && data.readers.length > 0 && (
        <>
          {data.last === null && !now && <Note tone="quiet">{t("exposed.never")}</Note>}
          {cut.length < data.readers.length && <Note tone="quiet">{t("exposed.online", { n: data.readers.length - cut.length })}</Note>}
          {cut.length > 0 && <Note tone="attention">{t("exposed.some", { n: cut.length, when: minute(data.since), last: minute(last) })}</Note>}
          <div class="scroll-x" tabIndex={0} role="region" aria-label={t("exposed.title")}>
            <table class="list small">
              <thead><tr><th scope="col">{t("readers.reader")}</th><th scope="col">{t("readers.venue")}</th><th scope="col">{t("readers.state")}</th><th scope="col">{t("readers.data")}</th><th scope="col">{t("exposed.until")}</th></tr></thead>
              <tbody>
                {[...cut, ...data.readers.filter(online)].map((one) => {
                  const reader = known.get(one.reader);
                  return (
                    <tr key={one.reader}>
                      <td><a href={link("readers", one.reader)}>{one.reader}</a>{reader?.site && <small><bdi>{reader.site}</bdi></small>}</td>
                      <td><VenueName id={one.venue} config={configs.get(one.venue)} /></td>
                      <td>{reader && <StandingBadge of={standing(reader)} />}</td>
                      <td class="when"><Ago at={one.data_at} /></td>
                      <td class="when">{online(one) ? <>{t("exposed.minutes")}<small>{one.until && t("exposed.atlatest", { when: minute(one.until) })}</small></> : one.until && minute(one.until)}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
        </>
      )}
    </section>
  );
}
