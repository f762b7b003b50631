/** Looking somebody up without the card: asked with a purpose and a case number, answered once another officer agreed. */
import type { Signal } from "@preact/signals";
import type { Found, Query, Vouched } from "../shared/api/police.ts";
import { lookUp } from "../shared/api/police.ts";
import { COUNTRIES, countryName } from "../shared/countries.ts";
import { SelectField, TextField, isoDay, large, trimmed } from "../shared/ui/fields.tsx";
import { NOBODY, found, sought, soughtFor } from "./memory.ts";
import { Act, Fact, Names, Sheet, Told, countdown, task, useSeen } from "./parts.tsx";
import { Status } from "./details.tsx";
import { current, secondsUntil } from "./shift.ts";
import { asking, sheet } from "./state.ts";
import { CLASSES, WORDS, language, say } from "./words.ts";
import { MORE, PURPOSES } from "./words.shift.ts";

const work = task();

export function LookUp() {
  const seen = useSeen();
  const ask = async (): Promise<void> => {
    const asked = (sought.value = tidied(sought.value));
    const why = vouched(soughtFor);
    const days = isCovert(why.purpose) && asked.covert !== "" ? { covert_days: Number(asked.covert) } : {};
    await asking(() => lookUp({ query: queryOf(asked), ...why, ...days }));
    if (sought.value === asked) sought.value = NOBODY; // Else somebody else is being typed by now.
    if (seen.current) sheet.value = "requests";
  };
  return (
    <Sheet title={MORE.lookUp} name="form" foot={<Act of={work} words={MORE.ask} act={ask} />}>
      <p class="quiet">{say(MORE.lookUpWhy)}</p>
      <Whom />
      <Why of={soughtFor} all={current().purposes} />
      {isCovert(soughtFor.value.purpose) ? (
        <TextField
          label={say(MORE.covertDays)}
          hint={`${say(MORE.covertHint)} ${current().covertDays}`}
          value={sought.value.covert}
          change={(covert) => (sought.value = { ...sought.value, covert })}
          input={{ inputMode: "numeric", placeholder: "30" }}
        />
      ) : null}
      <Told of={work} />
    </Sheet>
  );
}

function isCovert(purpose: string): boolean {
  return current().covert.includes(purpose);
}

/** Everything is tidied again as it is asked: the button may be touched from within a field. */
function tidied(of: typeof NOBODY): typeof NOBODY {
  const { passport, card, name, birth } = of;
  return { ...of, passport: letters(passport), card: digits(card), name: trimmed(name), birth: isoDay(birth) };
}

export function vouched(of: Signal<Vouched>): Vouched {
  return (of.value = { ...of.value, case_number: large(of.value.case_number) });
}

function queryOf({ by, passport, country, card, name, birth }: typeof NOBODY): Query {
  if (by === "card") return { by, card };
  if (by === "name") return { by, name, birth };
  return { by: "passport", passport, country };
}

export function digits(text: string): string {
  return text.replaceAll(/\D/g, "");
}

function letters(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9]/g, "").toUpperCase();
}

function Whom() {
  const values = sought.value;
  const put = (name: keyof typeof NOBODY) => (text: string) => void (sought.value = { ...sought.value, [name]: text });
  const ways = [
    { value: "passport", words: say(MORE.byPassport) },
    { value: "card", words: say(MORE.byCard) },
    { value: "name", words: say(MORE.byName) },
  ];
  return (
    <>
      <SelectField label={say(MORE.by)} value={values.by} change={put("by")} choices={ways} />
      {values.by === "passport" ? (
        <>
          <TextField label={say(MORE.passportNumber)} value={values.passport} change={put("passport")} tidy={letters} input={PLAIN} />
          <SelectField label={say(MORE.country)} value={values.country} change={put("country")} choices={countries()} />
        </>
      ) : null}
      {values.by === "card" ? <CardField value={values.card} change={put("card")} /> : null}
      {values.by === "name" ? (
        <>
          <TextField label={say(MORE.fullName)} value={values.name} change={put("name")} tidy={trimmed} />
          <TextField
            label={say(MORE.birthday)}
            hint={say(MORE.dayHint)}
            value={values.birth}
            change={put("birth")}
            tidy={isoDay}
            input={{ inputMode: "numeric" }}
          />
        </>
      ) : null}
    </>
  );
}

const PLAIN = { autocapitalize: "characters" } as const;

function countries(): { value: string; words: string }[] {
  const named = COUNTRIES.map((code) => ({ value: code, words: `${countryName(code, language.value)} ${code}` }));
  return [{ value: "", words: "–" }, ...named.sort((one, two) => one.words.localeCompare(two.words, language.value))];
}

interface FieldProps {
  readonly value: string;
  readonly change: (text: string) => void;
}

export function CardField({ value, change }: FieldProps) {
  return <TextField label={say(MORE.cardNumber)} value={value} change={change} tidy={digits} input={{ inputMode: "numeric" }} />;
}

interface WhyProps {
  readonly of: Signal<Vouched>;
  readonly all: readonly string[];
}

/** Purpose and case number: beside every question about somebody who is not there. */
export function Why({ of, all }: WhyProps) {
  const choices = all.map((value) => ({ value, words: say(PURPOSES[value] ?? [value, value]) }));
  return (
    <>
      <SelectField
        label={say(MORE.purpose)}
        value={of.value.purpose}
        change={(purpose) => (of.value = { ...of.value, purpose })}
        choices={choices}
      />
      <TextField
        label={say(MORE.caseNumber)}
        hint={say(MORE.caseHint)}
        value={of.value.case_number}
        change={(text) => (of.value = { ...of.value, case_number: text })}
        tidy={large}
        input={PLAIN}
      />
    </>
  );
}

/** Whom a look-up found, for five minutes after the second officer agreed. */
export function FoundSheet() {
  const held = found.value;
  if (held === null) {
    return (
      <Sheet title={MORE.foundTitle} name="found" back="requests">
        <p class="told">{say(MORE.answerClosed)}</p>
      </Sheet>
    );
  }
  return (
    <Sheet title={MORE.foundTitle} name="found" back="requests">
      <p class="open-for">
        {say(MORE.closesIn)} <b>{countdown(secondsUntil(held.until))}</b>
      </p>
      {held.people.length === 0 ? <p>{say(MORE.foundNone)}</p> : null}
      {held.people.map((one) => (
        <Person key={one.number} of={one} />
      ))}
    </Sheet>
  );
}

function Person({ of }: { readonly of: Found }) {
  return (
    <article class="holder">
      <Names of={of} />
      <figure>
        <img src={`data:image/jpeg;base64,${of.portrait}`} alt={`${say(MORE.portrait)}: ${of.name}`} />
      </figure>
      <dl>
        <Fact label={MORE.nowStatus}>
          <Status of={of.status} />
        </Fact>
        <Fact label={WORDS.nationality}>
          {countryName(of.nationality, language.value)} <small>{of.nationality}</small>
        </Fact>
        <Fact label={WORDS.birth}>
          {of.birth} {of.sex}
        </Fact>
        <Fact label={MORE.permitNow}>{of.permit_until ?? "–"}</Fact>
      </dl>
      <dl class="rest">
        <Fact label={WORDS.number}>{of.number.replace(/(.{4})/g, "$1 ")}</Fact>
        <Fact label={WORDS.class}>{say(CLASSES[of.class] ?? [of.class, of.class])}</Fact>
        <Fact label={WORDS.until}>{of.valid_until}</Fact>
        <Fact label={MORE.office}>{of.office}</Fact>
        <Fact label={WORDS.note}>{say(of.hotlist ? WORDS.noteCall : WORDS.noteNone)}</Fact>
      </dl>
    </article>
  );
}
