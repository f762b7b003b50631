/** One person's application: the passport's lines first, for they fill in half of it. */
import { useState } from "preact/hooks";
import { SERVICES, USUAL } from "../../shared/choices.ts";
import { applicants, nameOf, typed, withdraw, type Applicant, type Fields } from "../applying.ts";
import { CARD, CONTACT, label, NAMES, PASSPORT, PERMIT, textOf, type Field } from "../fields.ts";
import { read, split } from "../lines.ts";
import { go, goInstead } from "../place.ts";
import { now } from "../service.ts";
import { Asked, Note, Title } from "../ui.tsx";
import { say, told } from "../words/index.ts";
import { PortraitField } from "./portrait.tsx";

export function ApplicantScreen({ id }: { readonly id: string }) {
  const one = applicants.value.find((other) => other.id === id);
  if (one === undefined) return <Title back={["apply"]}>{say("became.forgotten")}</Title>;
  const fields = one.fields;
  const set = (more: Fields): void => void typed(id, more);
  return (
    <>
      <Title back={["apply"]}><bdi>{nameOf(fields) || say("apply.nameless")}</bdi></Title>
      <form class="application" onSubmit={(event) => { event.preventDefault(); go("apply"); }}>
        <Lines fields={fields} set={set} />
        <Several legend="apply.person" list={[...PASSPORT, ...NAMES]} fields={fields} set={set} />
        <fieldset class="panel">
          <legend>{say("field.portrait")}</legend>
          <PortraitField one={one} />
        </fieldset>
        <Several legend="field.permit_kind" list={PERMIT} fields={fields} set={set} />
        <CardFields fields={fields} set={set} />
        <Several legend="apply.contact" list={CONTACT} fields={fields} set={set} />
        <button class="first">{say("apply.done")}</button>
      </form>
      <Leave one={one} />
    </>
  );
}

/** What was never sent is deleted here; what was sent, there too. */
export function Leave({ one }: { readonly one: Applicant }) {
  const act = async (): Promise<void> => {
    await withdraw(one);
    goInstead("apply");
  };
  return <Asked name="apply.withdraw" question="apply.withdraw.ask" act={act} />;
}

interface Props {
  readonly fields: Fields;
  readonly set: (more: Fields) => void;
}

/** Typed or sent by a hand scanner; a slip is named by its line as soon as the lines are whole. */
function Lines({ fields, set }: Props) {
  const [text, setText] = useState(textOf(fields, "mrz"));
  const lines = split(text);
  const found = read(lines, new Date(now() * 1000));
  const change = (next: string): void => {
    setText(next);
    const whole = read(split(next), new Date(now() * 1000));
    if (whole?.fields) set({ ...whole.fields, mrz: whole.lines });
    else if (fields["mrz"] !== undefined) set({ mrz: "" });
  };
  return (
    <fieldset class="panel">
      <legend><label for="mrz">{label("mrz")}</label></legend>
      <textarea
        id="mrz" class="mrz" dir="ltr" rows={3} value={text} wrap="off" spellcheck={false} autocapitalize="characters" autocomplete="off"
        aria-describedby="mrz-hint mrz-said" onInput={(event) => change(event.currentTarget.value)}
      />
      <p class="hint" id="mrz-hint">{say("apply.lines.hint")}</p>
      <div id="mrz-said" role="status">
        {found?.fields && <Note tone="good">{say("apply.lines.read")}</Note>}
        {found?.slips.map((slip) => <Note key={slip.field} tone="attention">{say("apply.lines.slip", { field: label(slip.field), n: slip.line })}</Note>)}
        {found === null && text.trim() !== "" && <p class="hint">{say("apply.lines.short")}</p>}
      </div>
    </fieldset>
  );
}

function Several({ legend, list, fields, set }: Props & { readonly legend: Parameters<typeof say>[0]; readonly list: readonly Field[] }) {
  return (
    <fieldset class="panel">
      <legend>{say(legend)}</legend>
      {list.filter((field) => field.when?.(fields) ?? true).map((field) => <One key={field.name} field={field} fields={fields} set={set} />)}
    </fieldset>
  );
}

function One({ field: { name, kind, choices, input }, fields, set }: Props & { readonly field: Field }) {
  const id = `field-${name}`;
  const value = textOf(fields, name);
  if (kind === "choice") {
    return (
      <div class="field">
        <label for={id}>{label(name)}</label>
        <select id={id} value={value} onChange={(event) => set(emptied(name, event.currentTarget.value))}>
          <option value="">{say("choose")}</option>
          {choices?.().map((one) => <option key={one.value} value={one.value}>{one.words}</option>)}
        </select>
      </div>
    );
  }
  const more = kind === "day" ? { type: "date" } : { autocomplete: "off", ...input };
  return (
    <div class="field">
      <label for={id}>{label(name)}</label>
      <input id={id} value={value} {...more} onInput={(event) => set({ [name]: event.currentTarget.value })} />
    </div>
  );
}

/** Who has no permit has neither its number nor its last day. */
function emptied(name: string, value: string): Fields {
  return name === "permit_kind" && value === "none" ? { permit_kind: value, permit: "", permit_expiry: "" } : { [name]: value };
}

/** The class brings its usual services along while nothing else was chosen. */
function CardFields({ fields, set }: Props) {
  const chosen = new Set(fields["services"] ?? []);
  const usual = (value: string): readonly string[] => USUAL[value as keyof typeof USUAL] ?? [];
  const before = textOf(fields, "class");
  const choose = (more: Fields): void => {
    const next = textOf(more, "class");
    const untouched = chosen.size === 0 || String([...chosen]) === String(usual(before));
    set(untouched ? { ...more, services: usual(next) } : more);
  };
  const toggle = (name: string, on: boolean): void => set({ services: SERVICES.filter((one) => (one === name ? on : chosen.has(one))) });
  return (
    <fieldset class="panel">
      <legend>{say("field.class")}</legend>
      {CARD.map((field) => <One key={field.name} field={field} fields={fields} set={choose} />)}
      <div class="field" role="group" aria-label={say("field.services")}>
        <span class="label">{say("field.services")}</span>
        <div class="ticks">
          {SERVICES.map((name) => (
            <label key={name} class="tick">
              <input type="checkbox" checked={chosen.has(name)} onChange={(event) => toggle(name, event.currentTarget.checked)} />
              {told("service", name)}
            </label>
          ))}
        </div>
      </div>
    </fieldset>
  );
}
