/** The form of a venue's rules: what it is, who, which proof, when, how fresh, how often. */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { Hours, VenueConfig } from "../../shared/api/readers.ts";
import { t, type Key } from "../../shared/i18n/index.ts";
import { SelectField, TextField } from "../../shared/ui/fields.tsx";
import { Button } from "../../shared/ui/kit.tsx";
import { SERVICES } from "../../shared/choices.ts";
import { ASSURANCES, CLASSES, OPENABLE, ROLES, WEEKDAYS, clock, daysOf, daysText, isClock, withSetting, type Setting } from "./policy.ts";
import { SIZES, inUnits, type Unit } from "./spans.ts";

interface Props {
  readonly config: VenueConfig;
  readonly change: (config: VenueConfig) => void;
  readonly wrong: readonly Setting[];
  readonly fresh: boolean;
  readonly locked: boolean;
  readonly children?: ComponentChildren;
}

export function PolicyForm({ config, change, wrong, fresh, locked, children }: Props) {
  const set = <S extends Setting>(name: S, value: VenueConfig[S]) => change(withSetting(config, name, value));
  const error = (name: Setting, key: Key) => (wrong.includes(name) ? t(key) : null);
  return (
    <fieldset class="policyform" disabled={locked}>
      <Part k="venue.part.what">
        {children}
        <TextField label={t("venue.name")} error={error("name", "venue.name.wrong")} value={config.name} change={(to) => set("name", to)} input={{ required: true, maxLength: 200 }} />
        <SelectField label={t("venue.role")} hint={t(fresh ? "venue.role.hint" : "venue.role.fixed")} value={config.role} change={(to) => set("role", to as VenueConfig["role"])} choices={ROLES.map((value) => ({ value, words: t(`venuerole.${value}.words`) }))} select={{ disabled: !fresh }} />
        <Tick label={t("venue.staffed")} hint={t("venue.staffed.hint")} on={config.staffed} change={(to) => set("staffed", to)} />
        {config.role === "police" && <Tick label={t("venue.hotlist")} hint={t("venue.hotlist.hint")} on={config.hotlist ?? false} change={(to) => set("hotlist", to)} />}
      </Part>
      <Part k="venue.part.who">
        <Ticks k="venue.services" hint="venue.services.hint" all={SERVICES} words={(name) => t(`service.${name}` as Key)} on={config.services} change={(to) => set("services", to)} />
        <Ticks k="venue.permit_free" hint="venue.permit_free.hint" all={CLASSES} words={(name) => t(`class.${name}` as Key)} on={config.permit_free} change={(to) => set("permit_free", to)} />
      </Part>
      <Part k="venue.part.proof">
        <Ticks k="venue.accept" hint="venue.accept.hint" error={error("accept", "venue.accept.wrong")} all={ASSURANCES} words={(name) => t(`assurance.${name}` as Key)} on={config.accept} change={(to) => set("accept", to)} />
      </Part>
      <Part k="venue.part.when">
        <HoursField hours={config.hours ?? []} change={(to) => set("hours", to)} error={error("hours", "venue.hours.wrong")} />
      </Part>
      <Part k="venue.part.fresh">
        <Span label={t("venue.stale_after_s")} hint={t("venue.stale_after_s.hint")} value={config.stale_after_s} change={(to) => set("stale_after_s", to)} />
        <Span label={t("venue.expired_after_s")} hint={t("venue.expired_after_s.hint")} error={error("expired_after_s", "venue.expired_after_s.wrong")} value={config.expired_after_s} change={(to) => set("expired_after_s", to)} />
        <Ticks k="venue.opens_on" hint="venue.opens_on.hint" all={OPENABLE} words={(name) => t(`openon.${name}` as Key)} on={config.opens_on} change={(to) => set("opens_on", to)} />
      </Part>
      <Part k="venue.part.often">
        <Quota quota={config.quota ?? null} change={(to) => set("quota", to)} error={error("quota", "venue.quota.wrong")} />
        <Tick label={t("venue.passback_s")} hint={t("venue.passback_s.hint")} on={config.passback_s != null} change={(to) => set("passback_s", to ? 600 : null)} />
        {config.passback_s != null && <Span label={t("venue.passback.for")} value={config.passback_s} change={(to) => set("passback_s", to)} />}
      </Part>
    </fieldset>
  );
}

function Part({ k, children }: { k: Key; children: ComponentChildren }) {
  return <section class="tile part"><h2>{t(k)}</h2>{children}</section>;
}

interface TickProps {
  readonly label: string;
  readonly hint?: string;
  readonly on: boolean;
  readonly change: (on: boolean) => void;
}

function Tick({ label, hint, on, change }: TickProps) {
  return (
    <label class="switch">
      <input type="checkbox" checked={on} onChange={(event) => change(event.currentTarget.checked)} />
      <span><b>{label}</b>{hint && <small>{hint}</small>}</span>
    </label>
  );
}

interface TicksProps {
  readonly k: Key;
  readonly hint?: Key;
  readonly error?: string | null;
  readonly all: readonly string[];
  readonly words: (name: string) => string;
  readonly on: readonly string[];
  readonly change: (on: readonly string[]) => void;
}

/** A set, kept in the order of the list. */
function Ticks({ k, hint, error, all, words, on, change }: TicksProps) {
  const flip = (name: string, to: boolean) => change(all.filter((one) => (one === name ? to : on.includes(one))));
  return (
    <fieldset class={error ? "field wrong" : "field"}>
      <legend class="label">{t(k)}</legend>
      {hint && <p class="hint">{t(hint)}</p>}
      <div class="ticks">
        {all.map((name) => (
          <label key={name} class={on.includes(name) ? "tick on" : "tick"}>
            <input type="checkbox" checked={on.includes(name)} onChange={(event) => flip(name, event.currentTarget.checked)} />
            {words(name)}
          </label>
        ))}
      </div>
      {error && <p class="error">{error}</p>}
    </fieldset>
  );
}

interface SpanProps {
  readonly label: string;
  readonly hint?: string;
  readonly error?: string | null;
  readonly value: number;
  readonly change: (seconds: number) => void;
}

/** A length of time as a number and a unit; the unit stays as it was chosen while one types. */
function Span({ label, hint, error, value, change }: SpanProps) {
  const [unit, setUnit] = useState<Unit>(inUnits(value).unit);
  const [text, setText] = useState(String(inUnits(value).amount));
  const shown = Number(text) * SIZES[unit] === value ? { text, unit } : { text: String(inUnits(value).amount), unit: inUnits(value).unit };
  const say = (amount: string, of: Unit) => {
    setText(amount);
    setUnit(of);
    if (/^\d{1,6}$/.test(amount.trim())) change(Number(amount) * SIZES[of]);
  };
  return (
    <div class="spanfield">
      <TextField label={label} hint={hint} error={error ?? (/^\d{1,6}$/.test(text.trim()) ? null : t("venue.number"))} value={/^\d{1,6}$/.test(text.trim()) ? shown.text : text} change={(to) => say(to, shown.unit)} input={{ inputMode: "numeric", dir: "ltr" }} />
      <SelectField label={t("venue.unit")} class="unit" value={shown.unit} change={(to) => say(shown.text, to as Unit)} choices={(Object.keys(SIZES) as Unit[]).map((one) => ({ value: one, words: t(`unit.${one}`) }))} />
    </div>
  );
}

interface QuotaProps {
  readonly quota: { readonly count: number; readonly period_s: number } | null;
  readonly change: (quota: { count: number; period_s: number } | null) => void;
  readonly error: string | null;
}

function Quota({ quota, change, error }: QuotaProps) {
  const [count, setCount] = useState(String(quota?.count ?? 1));
  return (
    <>
      <Tick label={t("venue.quota")} hint={t("venue.quota.hint")} on={quota !== null} change={(to) => change(to ? { count: Number(count) || 1, period_s: 86_400 } : null)} />
      {quota && (
        <div class="quota">
          <TextField label={t("venue.quota.count")} error={error} value={count} change={(to) => (setCount(to), change({ ...quota, count: /^\d{1,5}$/.test(to.trim()) ? Number(to) : 0 }))} input={{ inputMode: "numeric", dir: "ltr" }} />
          <Span label={t("venue.quota.in")} value={quota.period_s} change={(to) => change({ ...quota, period_s: to })} />
        </div>
      )}
    </>
  );
}

interface HoursProps {
  readonly hours: readonly Hours[];
  readonly change: (hours: readonly Hours[]) => void;
  readonly error: string | null;
}

function HoursField({ hours, change, error }: HoursProps) {
  const put = (at: number, rule: Partial<Hours>) => change(hours.map((one, place) => (place === at ? { ...one, ...rule } : one)));
  const day = (value: string, label: Key, choose: (to: string) => void): JSX.Element => (
    <SelectField label={t(label)} value={value} change={choose} choices={WEEKDAYS.map((one) => ({ value: one, words: t(`weekday.${one}`) }))} />
  );
  const time = (value: string, label: Key, type: (to: string) => void): JSX.Element => (
    <TextField label={t(label)} value={value} change={type} tidy={clock} error={isClock(clock(value)) ? null : t("venue.hours.time")} input={{ inputMode: "numeric", dir: "ltr", maxLength: 5 }} />
  );
  return (
    <fieldset class="field hours">
      <legend class="label">{t("venue.hours")}</legend>
      <p class="hint">{t(hours.length === 0 ? "venue.hours.always" : "venue.hours.hint")}</p>
      {hours.map((one, at) => {
        const [first, last] = daysOf(one);
        return (
          <div key={at} class="rule">
            {day(first, "venue.hours.first", (to) => put(at, { days: daysText(to, last) }))}
            {day(last, "venue.hours.last", (to) => put(at, { days: daysText(first, to) }))}
            {time(one.from, "venue.hours.from", (from) => put(at, { from }))}
            {time(one.to, "venue.hours.to", (to) => put(at, { to }))}
            <Button kind="quiet" aria-label={t("venue.hours.drop", { n: at + 1 })} onClick={() => change(hours.filter((_, place) => place !== at))}>✕</Button>
          </div>
        );
      })}
      {error && <p class="error">{error}</p>}
      <div><Button onClick={() => change([...hours, { days: "mon-fri", from: "08:00", to: "18:00" }])}>{t("venue.hours.add")}</Button></div>
    </fieldset>
  );
}
