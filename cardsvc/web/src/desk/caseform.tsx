/** The form: one column, what is wrong beside its field, everything saved as it is typed. */
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { readLines } from "../shared/api/desk.ts";
import { SERVICES, USUAL } from "../shared/choices.ts";
import { countryName } from "../shared/countries.ts";
import { language, t, type Key } from "../shared/i18n/index.ts";
import { whenPassportRead } from "../shared/keys.ts";
import { AreaField, SelectField, TextField, large } from "../shared/ui/fields.tsx";
import { Button, Failure, reasonWords, useTask } from "../shared/ui/kit.tsx";
import type { Draft, DraftView } from "./draft.ts";
import { SECTIONS, TIDY_DAY, countryChoices, linesIn, servicesAs, servicesOf, textOf, type FieldSpec } from "./fields.ts";
import { takeScreen } from "./preapplications.tsx";
import { attempted } from "./submit.ts";

interface Props {
  readonly draft: Draft;
  readonly view: DraftView;
}

export function CaseForm({ draft, view }: Props) {
  return (
    <form class="form" onSubmit={(event) => event.preventDefault()} aria-label={t("case.form")}>
      {SECTIONS.map((section) => (
        <fieldset key={section.words}>
          <legend>{t(section.words)}</legend>
          <div class="grid">
            {section.fields.map((spec) => <OneField key={spec.name} spec={spec} draft={draft} view={view} />)}
          </div>
        </fieldset>
      ))}
      <datalist id="countries">
        {countryChoices().map((one) => <option key={one.value} value={one.value}>{one.words}</option>)}
      </datalist>
    </form>
  );
}

/** What is wrong with a field. That it is still empty is said only once somebody wanted to submit. */
function errorOf(view: DraftView, name: string): string | null {
  const found = view.case.errors.find((one) => one.field === name);
  if (!found || (found.reason === "missing" && !attempted.value.has(view.case.id))) return null;
  return reasonWords(found.reason, found.words);
}

function OneField({ spec, draft, view }: Props & { spec: FieldSpec }) {
  const value = textOf(view.application, spec.name) || (spec.usual ?? "");
  const change = (next: string) => draft.change({ [spec.name]: next });
  const common = {
    label: t(`field.${spec.name}` as Key),
    error: errorOf(view, spec.name),
    hint: spec.hint && t(spec.hint),
    class: spec.half ? "half" : "",
  };
  const input = { "data-field": spec.name, ...spec.input };
  const tidy = spec.tidy ? { tidy: spec.tidy } : {};
  switch (spec.kind) {
    case "choice":
      return <SelectField {...common} value={value} change={spec.name === "class" ? (next) => withServices(draft, view, next) : change} choices={spec.choices?.() ?? []} select={input} />;
    case "day":
      return <TextField {...common} value={value} change={change} tidy={TIDY_DAY} input={{ ...input, inputMode: "numeric", placeholder: t("hint.day"), dir: "ltr", maxLength: 12 }} />;
    case "country":
      return (
        <TextField
          {...common}
          hint={value.length === 3 ? countryName(value.toUpperCase(), language.value) : t("hint.country")}
          value={value}
          change={change}
          tidy={large}
          input={{ ...input, list: "countries", maxLength: 3, dir: "ltr", autocapitalize: "characters" }}
        />
      );
    case "mrz":
      return <Lines draft={draft} view={view} error={common.error} />;
    case "services":
      return <Services draft={draft} view={view} error={common.error} />;
    default:
      return <TextField {...common} value={value} change={change} {...tidy} input={input} />;
  }
}

/** The class brings its usual services along while none are chosen. */
function withServices(draft: Draft, view: DraftView, chosen: string): void {
  const none = Object.keys(servicesOf(view.application)).length === 0;
  const usual = USUAL[chosen as keyof typeof USUAL];
  draft.change({ class: chosen, ...(none && usual ? { services: usual } : {}) });
}

interface WithError extends Props {
  readonly error: string | null;
}

/** The passport's lines: read once more, they fill the fields below. */
function Lines({ draft, view, error }: WithError) {
  const task = useTask();
  const [wrong, setWrong] = useState<string | null>(null);
  const value = textOf(view.application, "mrz");
  const lines = linesIn(value);
  const read = (given: readonly string[]) =>
    task.run(async () => {
      const answer = await readLines(given);
      setWrong(answer.errors.map((one) => reasonWords(one.reason, one.words)).join(" ") || null);
      draft.change({ mrz: given, ...answer.application });
    });
  // What came from a phone waits for the passport itself: the next one that is read belongs here.
  const waits = view.case.declared !== null && lines.length === 0;
  useLayoutEffect(() => (waits ? whenPassportRead((scanned) => void (takeScreen(scanned) || read(scanned))) : undefined), [waits]);
  // As it is typed: letters that change under the hand throw the caret to the end and break input methods.
  const change = (text: string) => draft.change({ mrz: text ? text.split("\n") : [] });
  const leave = () => {
    if (lines.join("\n") !== value) draft.change({ mrz: lines });
  };
  return (
    <div class="withbutton">
      <AreaField label={t("field.mrz")} rows={2} hint={t("hint.mrz")} error={wrong ?? error} value={value} change={change} area={{ class: "mrz", wrap: "off", dir: "ltr", "data-field": "mrz", onBlur: leave }} />
      {lines.length > 0 && <Button kind="quiet" busy={task.busy} onClick={() => void read(lines)}>{t("case.readagain")}</Button>}
      {task.failure !== null && <Failure of={task.failure} />}
    </div>
  );
}

function Services({ draft, view, error }: WithError) {
  const chosen = servicesOf(view.application);
  const days = Object.values(chosen).some(Boolean);
  const [dated, setDated] = useState(days);
  // What is wrong may be one of the days.
  useEffect(() => setDated((open) => open || (error !== null && days)), [error, days]);
  const toggle = (name: string, on: boolean) => {
    const { [name]: last = "", ...others } = chosen;
    draft.change({ services: servicesAs(on ? { ...others, [name]: last } : others) });
  };
  return (
    <div class="field" role="group" aria-labelledby="services-label" data-field="services" tabIndex={-1} {...(error ? { "aria-describedby": "services-error" } : {})}>
      <span class="label" id="services-label">{t("field.services")}</span>
      <div class="ticks">
        {SERVICES.map((name) => (
          <label key={name} class={name in chosen ? "tick on" : "tick"}>
            <input type="checkbox" data-service={name} checked={name in chosen} onChange={(event) => toggle(name, event.currentTarget.checked)} />
            {t(`service.${name}`)}
          </label>
        ))}
      </div>
      {error && <p class="error" id="services-error">{error}</p>}
      {Object.keys(chosen).length > 0 && (
        <details open={dated} onToggle={(event) => setDated(event.currentTarget.open)}>
          <summary>{t("services.until")}</summary>
          <div class="grid">
            {Object.keys(chosen).map((name) => (
              <TextField key={name} class="half" label={t(`service.${name}` as Key)} value={chosen[name] ?? ""} tidy={TIDY_DAY} change={(last) => draft.change({ services: servicesAs({ ...chosen, [name]: last }) })} input={{ placeholder: t("hint.day"), inputMode: "numeric", dir: "ltr" }} />
            ))}
          </div>
        </details>
      )}
    </div>
  );
}
