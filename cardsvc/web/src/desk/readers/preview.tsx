/** What an edit of a venue's rules changes, in words, with whom it touches. */
import type { Change, Hours, Preview, VenueConfig } from "../../shared/api/readers.ts";
import { t, told } from "../../shared/i18n/index.ts";
import { Note } from "../../shared/ui/kit.tsx";
import { serviceName } from "./parts.tsx";
import { daysOf, type Setting } from "./policy.ts";
import { span } from "./spans.ts";

const names = (prefix: string, value: unknown): string =>
  Array.isArray(value) && value.length > 0 ? value.map((one: string) => told(prefix, one) ?? one).join(", ") : t("venue.nothing");

/** A setting's value as people say it. */
export function shown(setting: Setting, value: unknown): string {
  if (setting === "hours" && (!Array.isArray(value) || value.length === 0)) return t("venue.hours.always");
  if (value === undefined || value === null || value === "") return t("venue.nothing");
  switch (setting) {
    case "services": return Array.isArray(value) ? value.map((one: string) => serviceName(one)).join(", ") : serviceName(String(value));
    case "accept": return names("assurance", value);
    case "opens_on": return names("openon", value);
    case "permit_free": return Array.isArray(value) ? names("class", value) : (told("class", String(value)) ?? String(value));
    case "role": return told("venuerole", String(value)) ?? String(value);
    case "stale_after_s":
    case "expired_after_s":
    case "passback_s": return span(Number(value));
    case "hours": return (value as Hours[]).map(hours).join("; ");
    case "quota": {
      const { count, period_s } = value as { count: number; period_s: number };
      return t("venue.quota.words", { n: count, span: span(period_s) });
    }
    case "staffed":
    case "hotlist": return t(value ? "venue.yes" : "venue.no");
    default: return String(value);
  }
}

function hours(one: Hours): string {
  const [first, last] = daysOf(one);
  const days = first === last ? t(`weekday.${first}` as "weekday.mon") : `${t(`weekday.${first}` as "weekday.mon")} – ${t(`weekday.${last}` as "weekday.mon")}`;
  return `${days} ${one.from}–${one.to}`;
}

const listed = (value: unknown): readonly string[] => (Array.isArray(value) ? value : []);

interface Props {
  readonly preview: Preview;
  /** What is there now; null for a new venue, of which everything is new. */
  readonly before: VenueConfig | null;
  readonly after: VenueConfig;
}

export function Changes({ preview, before, after }: Props) {
  const settings = before === null ? [] : preview.changes;
  return (
    <>
      {before === null && <p>{t("venue.preview.new")}</p>}
      <ul class="changes">
        {settings.map((one, at) => (
          <li key={`${one.setting} ${at}`}>
            <b>{told("venue", one.setting) ?? one.setting}</b>
            <Move change={one} after={after} />
            {one.cards !== null && <p class="reach">{t(`venue.touch.${one.setting === "permit_free" ? "permit_free" : "services"}.${one.after === null ? "lose" : "gain"}`, { n: one.cards })}</p>}
            {one.visits !== null && <p class="reach">{one.visits === 0 ? t("venue.touch.novisit") : t("venue.touch.visits", { n: one.visits })}</p>}
          </li>
        ))}
      </ul>
      {before !== null && settings.length > 0 && (
        <Note tone="quiet">{preview.readers === 0 ? t("venue.preview.nobody") : t("venue.preview.when", { n: preview.readers, span: span(preview.known_within_s) })}</Note>
      )}
    </>
  );
}

/** Services and classes come and go one by one; everything else was this and becomes that. */
function Move({ change, after }: { change: Change; after: VenueConfig }) {
  const setting = change.setting as Setting;
  if (setting === "services" || setting === "permit_free") {
    const gone = change.after === null;
    return <p>{gone ? <s>{shown(setting, change.before)}</s> : <ins>{shown(setting, change.after)}</ins>}</p>;
  }
  if (setting === "accept" || setting === "opens_on") {
    const [before, now] = [listed(change.before), listed(after[setting])];
    const gone = before.filter((one) => !now.includes(one));
    const come = now.filter((one) => !before.includes(one));
    return <>{gone.length > 0 && <p><s>{shown(setting, gone)}</s></p>}{come.length > 0 && <p><ins>{shown(setting, come)}</ins></p>}</>;
  }
  return <p><s>{shown(setting, change.before)}</s> → <ins>{shown(setting, after[setting] ?? change.after)}</ins></p>;
}
