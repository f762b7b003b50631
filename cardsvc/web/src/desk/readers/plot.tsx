/** Plots in a few lines of SVG; what they show stands beside them as a table, for everybody. */
import type { ComponentChildren } from "preact";
import type { Verdict } from "../../shared/api/readers.ts";
import { t } from "../../shared/i18n/index.ts";
import { VERDICTS, ceiling, sum, type Bucket } from "./tally.ts";

const WIDTH = 960;
const HEIGHT = 220;
const LEFT = 52;
const FOOT = 26;
const TOP = 10;

interface StackProps {
  readonly buckets: readonly Bucket[];
  /** What stands under a bar, and what is said of it on pointing at it. */
  readonly tick: (at: number) => string;
  readonly long: (at: number) => string;
  readonly label: string;
}

/** Bars of admitted, asked and refused, one on the other; refusals are hatched, so that nobody needs the colour. */
export function Stack({ buckets, tick, long, label }: StackProps) {
  const top = ceiling(Math.max(0, ...buckets.map((one) => sum(one.counts))));
  const room = HEIGHT - FOOT - TOP;
  const step = (WIDTH - LEFT) / Math.max(1, buckets.length);
  const every = Math.ceil(buckets.length / 12);
  const high = (count: number) => (count / top) * room;
  return (
    <div class="scroll-x plot" tabIndex={0} role="region" aria-label={label}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
        <defs>
          <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="6" height="6" class="deny" />
            <rect width="2" height="6" class="stripe" />
          </pattern>
        </defs>
        {[0, 0.5, 1].map((part) => (
          <g key={part}>
            <line class="rule" x1={LEFT} x2={WIDTH} y1={TOP + room * (1 - part)} y2={TOP + room * (1 - part)} />
            <text x={LEFT - 8} y={TOP + room * (1 - part) + 4} text-anchor="end">{(top * part).toLocaleString()}</text>
          </g>
        ))}
        {buckets.map((one, at) => {
          let below = 0;
          return (
            <g key={one.at}>
              <title>{`${long(one.at)}: ${VERDICTS.map((name) => `${t(`usage.${name}`)} ${one.counts[name].toLocaleString()}`).join(", ")}`}</title>
              {VERDICTS.map((name) => {
                const height = high(one.counts[name]);
                below += height;
                return height > 0 && <rect key={name} class={name} fill={name === "deny" ? "url(#hatch)" : undefined} x={LEFT + at * step + step * 0.12} width={step * 0.76} y={TOP + room - below} height={height} />;
              })}
              <rect class="catch" x={LEFT + at * step} width={step} y={TOP} height={room} />
              {at % every === 0 && <text x={LEFT + (at + 0.5) * step} y={HEIGHT - 8} text-anchor="middle">{tick(one.at)}</text>}
            </g>
          );
        })}
      </svg>
    </div>
  );
}

export function Legend() {
  return (
    <ul class="legend">
      {VERDICTS.map((name) => (
        <li key={name}>
          <svg viewBox="0 0 14 14" aria-hidden="true"><rect class={name} fill={name === "deny" ? "url(#hatch)" : undefined} width="14" height="14" rx="3" /></svg>
          {t(`usage.${name}`)}
        </li>
      ))}
    </ul>
  );
}

export interface Rank {
  readonly name: string;
  readonly words: ComponentChildren;
  readonly count: number;
  readonly tone: Verdict;
}

/** A table whose counts are bars as well, largest first. */
export function Ranks({ rows, what, label }: { rows: readonly Rank[]; what: string; label: string }) {
  const most = Math.max(1, ...rows.map((one) => one.count));
  return (
    <div class="scroll-x" tabIndex={0} role="region" aria-label={label}>
      <table class="list small ranks">
        <thead><tr><th scope="col">{what}</th><th scope="col">{t("usage.count")}</th><th scope="col" class="gauge"><span class="unseen">{t("usage.share")}</span></th></tr></thead>
        <tbody>
          {rows.map((one) => (
            <tr key={one.name}>
              <td>{one.words}</td>
              <td class="when">{one.count.toLocaleString()}</td>
              <td class="gauge"><svg viewBox="0 0 200 14" preserveAspectRatio="none" aria-hidden="true"><rect class={one.tone} width={Math.max(2, (one.count / most) * 200)} height="14" rx="2" /></svg></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
