/** What the readers' screens share: answers that stay fresh, ages, states, kinds. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Kind, Reader, VenueConfig } from "../../shared/api/readers.ts";
import { instant, t, told } from "../../shared/i18n/index.ts";
import { Badge, useEvery, useLoad, type Tone } from "../../shared/ui/kit.tsx";
import { age, span } from "./spans.ts";

/** Ask again every so often, while somebody looks; the last answer stays until the next. */
export function useLive<T>(load: (signal: AbortSignal) => Promise<T>, on: readonly unknown[], everyS = 10) {
  const found = useLoad(load, on);
  const again = () => {
    if (document.visibilityState === "visible") found.poll();
  };
  useEvery(everyS * 1000, again);
  useEffect(() => {
    document.addEventListener("visibilitychange", again);
    return () => document.removeEventListener("visibilitychange", again);
  }, []);
  return found;
}

/** How long ago; the instant itself on pointing at it. */
export function Ago({ at, none }: { at: string | null; none?: string }) {
  if (at === null) return <span class="mute">{none ?? "—"}</span>;
  return <time dateTime={at} title={instant(at)}>{span(age(at))}</time>;
}

/** A reader that never had data is stale to the service; to people it is one that has not begun. */
export type Standing = Reader["state"] | "new";
export const standing = (one: Reader): Standing => (one.state === "stale" && one.data_at === null ? "new" : one.state);
export const STANDINGS: readonly Standing[] = ["active", "silent", "stale", "new", "revoked"];
const TONES: Readonly<Record<Standing, Tone>> = { active: "green", silent: "attention", stale: "deny", new: "quiet", revoked: "quiet" };

export function StandingBadge({ of }: { of: Standing }) {
  return <Badge tone={TONES[of]}>{t(`standing.${of}`)}</Badge>;
}

export const waiting = (one: Reader): number =>
  Object.values(one.quarantined).reduce((sum, count) => sum + count, 0) + one.wrong_checkpoints;

const SHAPES: Readonly<Record<Kind, JSX.Element>> = {
  bus: <path d="M5 4h14a2 2 0 0 1 2 2v11H3V6a2 2 0 0 1 2-2Zm-2 8h18M7 17v3m10-3v3M6.5 14.5h1m9 0h1" />,
  door: <path d="M6 21V3h12v18M3 21h18M14.5 11.5v2" />,
  desk: <path d="M3 13h18v3H3zM5 16v5m14-5v5M9 13V5h9v8" />,
  tablet: <path d="M6 3h12a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1Zm5 15.5h2" />,
  system: <path d="M4 5h16v5H4zm0 9h16v5H4zM7 7.5h1m-1 9h1" />,
  phone: <path d="M8 2h8a1 1 0 0 1 1 1v18a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V3a1 1 0 0 1 1-1Zm3 17h2" />,
};

export function KindIcon({ of }: { of: Kind }) {
  return (
    <svg class="kind" viewBox="0 0 24 24" role="img" aria-label={t(`readerkind.${of}`)}>
      {SHAPES[of]}
    </svg>
  );
}

export const serviceName = (name: string | null): string => (name === null ? t("usage.noservice") : (told("service", name) ?? name));

/** A venue's name with its id, which stands in addresses and bundles. */
export function VenueName({ id, config }: { id: string; config?: VenueConfig | undefined }) {
  return (
    <span class="venuename">
      <bdi>{config?.name ?? id}</bdi> <code>{id}</code>
    </span>
  );
}
