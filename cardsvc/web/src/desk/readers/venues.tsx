/** Venues: where readers stand, and by what rules they judge. */
import * as api from "../../shared/api/readers.ts";
import { moment, t } from "../../shared/i18n/index.ts";
import { Badge, Empty, Failure, Title, useLoad } from "../../shared/ui/kit.tsx";
import { link, may } from "../state.ts";
import { serviceName } from "./parts.tsx";
import { span } from "./spans.ts";

export function VenuesScreen() {
  const { data, failure, reload } = useLoad(api.venues, []);
  return (
    <section class="panel">
      <Title k="venues.title" sub={t("venues.sub")}>
        {may("operator") && <a class="button primary" href={link("venues", "new")}>{t("venues.add")}</a>}
      </Title>
      {failure !== null && <Failure of={failure} again={reload} />}
      {data && data.venues.length === 0 && <Empty k={may("operator") ? "venues.none" : "venues.none.yours"} />}
      {data && data.venues.length > 0 && (
        <div class="scroll-x" tabIndex={0} role="region" aria-label={t("venues.title")}>
          <table class="list">
            <thead><tr><th scope="col">{t("readers.venue")}</th><th scope="col">{t("venue.role")}</th><th scope="col">{t("venue.services")}</th><th scope="col">{t("venues.readers")}</th><th scope="col">{t("venues.fresh")}</th><th scope="col">{t("venues.changed")}</th></tr></thead>
            <tbody>
              {data.venues.map((one) => (
                <tr key={one.id}>
                  <td><a href={link("venues", one.id)}><bdi>{one.config.name}</bdi></a><small><code>{one.id}</code></small></td>
                  <td><Badge tone={one.config.role === "gate" ? "quiet" : "green"}>{t(`venuerole.${one.config.role}`)}</Badge></td>
                  <td class="services"><Services names={one.config.services} /></td>
                  <td class="when">{one.readers}</td>
                  <td>{t("venues.fresh.words", { stale: span(one.config.stale_after_s), over: span(one.config.expired_after_s) })}</td>
                  <td>{one.changed ? <>{moment(one.changed.at)} <small>{one.changed.by}</small></> : <span class="mute">—</span>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** A service centre serves all of them; six tell what it is. */
const SHOWN = 6;
function Services({ names }: { names: readonly string[] }) {
  if (names.length === 0) return <span class="mute">{t("venue.services.none")}</span>;
  return (
    <span class="tags">
      {names.slice(0, SHOWN).map((name) => <span key={name} class="tag">{serviceName(name)}</span>)}
      {names.length > SHOWN && <span class="tag" title={names.slice(SHOWN).map(serviceName).join(", ")}>+{names.length - SHOWN}</span>}
    </span>
  );
}
