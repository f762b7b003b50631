/** A department's own services. */
import * as api from "../../shared/api/services.ts";
import { t } from "../../shared/i18n/index.ts";
import { Empty, Failure, Title, useLoad } from "../../shared/ui/kit.tsx";
import { serviceName } from "../readers/parts.tsx";
import { go, link } from "../state.ts";
import { useEffect } from "preact/hooks";

export function ServicesScreen() {
  const { data, failure, reload } = useLoad(api.ownServices, []);
  const only = data?.services.length === 1 ? data.services[0] : undefined;
  // Most departments own one service: there is nothing to choose.
  useEffect(() => {
    if (only) go("services", only.service);
  }, [only]);
  return (
    <section class="panel">
      <Title k="own.title" sub={t("own.sub")} />
      {failure !== null && <Failure of={failure} again={reload} />}
      {data && data.services.length === 0 && <Empty k="own.none" />}
      <div class="owncards">
        {data?.services.map((one) => (
          <a key={one.service} class="tile" href={link("services", one.service)}>
            <h2>{serviceName(one.service)}</h2>
            <p>{t("own.holding", { n: one.holding })}</p>
            <p class="hint">{one.venues.length > 0 ? t("own.venues", { venues: one.venues.join(", ") }) : t("own.venues.none")}</p>
          </a>
        ))}
      </div>
    </section>
  );
}
