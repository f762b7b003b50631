/** What the records say beyond the code: on line, for five minutes after a scan, and never without a trace. */
import { useState } from "preact/hooks";
import type { Details } from "../shared/api/police.ts";
import { details as ask, portraitOf } from "../shared/api/police.ts";
import { SERVICES } from "../card/words/services.ts";
import { countryName } from "../shared/countries.ts";
import { details, detailsOver } from "./memory.ts";
import { Both, Fact, Names, countdown, task } from "./parts.tsx";
import type { Task } from "./parts.tsx";
import { reasonWords } from "./reasons.ts";
import { secondsUntil } from "./shift.ts";
import { asking, online, shown } from "./state.ts";
import type { Shown } from "./state.ts";
import { CLASSES, WORDS, language, say } from "./words.ts";
import { MORE, PRINTS, STATUSES } from "./words.shift.ts";

/** A task a verdict: what is said about one card must not stand beside the next. */
const works = new WeakMap<Shown, Task>();
/** What is no card's code at all opens nothing. */
const NO_CARD: readonly string[] = ["not_ours", "malformed"];

function workFor(of: Shown): Task {
  const work = works.get(of) ?? task();
  works.set(of, work);
  return work;
}

/** Ask the records about the card on the screen; under the thumb, beside the next scan. */
export function AskButton({ of }: { readonly of: Shown }) {
  const work = workFor(of);
  const look = (): Promise<void> =>
    work.run(async () => {
      const told = await asking(() => ask(of.code));
      if (shown.value !== of) return; // Another card is on the screen by now, or nobody's shift.
      detailsOver.value = false;
      details.value = told;
    });
  if (NO_CARD.includes(of.verdict.reason) || details.value !== null) return null;
  return (
    <button type="button" disabled={work.busy.value} onClick={() => void look()}>
      {say(MORE.details)}
    </button>
  );
}

/** What the records said, above what is on the card; or why they said nothing. */
export function OnLine({ of }: { readonly of: Shown }) {
  const work = workFor(of);
  const told = details.value;
  if (told !== null) {
    return (
      <section class="on-line" aria-label={say(MORE.details)}>
        <Open told={told} />
      </section>
    );
  }
  const trouble = work.trouble.value ?? (detailsOver.value ? say(reasonWords("scan_over")) : null);
  return (
    <p class="told on-line" role="status">
      {work.busy.value ? say(MORE.asking) : trouble}
    </p>
  );
}

/** What asking takes, before it is asked. */
export function AskHint({ of }: { readonly of: Shown }) {
  if (NO_CARD.includes(of.verdict.reason) || details.value !== null) return null;
  return <p class="quiet ask-hint">{say(online() ? MORE.detailsWhy : MORE.detailsOff)}</p>;
}

/** The details, while they are open. */
function Open({ told }: { readonly told: Details }) {
  const [faceless, setFaceless] = useState(false);
  const left = secondsUntil(Date.parse(told.until) / 1000);
  return (
    <>
      <p class="open-for">
        <span>
          <Both of={MORE.details} /> · {say(MORE.closesIn)}
        </span>
        <b>{countdown(left)}</b>
      </p>
      <div class="holder">
        <Names of={told} />
        <dl class="rest">
          <Fact label={MORE.nowStatus} id="now-status">
            <Status of={told.status} />
          </Fact>
          <Fact label={MORE.permitNow}>{told.permit_until ?? "–"}</Fact>
        </dl>
        <figure class="large">
          {faceless ? (
            <p class="no-face">{say(MORE.noPortrait)}</p>
          ) : (
            <img src={portraitOf(told.scan)} alt={`${say(MORE.portrait)}: ${told.name}`} onError={() => setFaceless(true)} />
          )}
          <figcaption>
            <Both of={MORE.portrait} />
          </figcaption>
        </figure>
        <dl class="rest">
          <Fact label={WORDS.nationality}>
            {countryName(told.nationality, language.value)} <small>{told.nationality}</small>
          </Fact>
          <Fact label={WORDS.birth}>
            {told.birth} {told.sex}
          </Fact>
          <Fact label={WORDS.passport}>
            {told.passport} <small>{told.passport_country}</small>
          </Fact>
          {/* As beside the verdict: a fact like any other, for the holder sees the screen, too. */}
          <Fact label={WORDS.note}>{say(told.hotlist ? WORDS.noteCall : WORDS.noteNone)}</Fact>
          <Fact label={WORDS.class}>{say(CLASSES[told.class] ?? [told.class, told.class])}</Fact>
          <Fact label={WORDS.until}>{told.valid_until}</Fact>
          <Fact label={MORE.office}>{told.office}</Fact>
          <Fact label={MORE.prints}>
            {told.prints.map((one) => (
              <span class="line" key={one.print}>
                #{one.print} <small>{say(PRINTS[one.status] ?? [one.status, one.status])} · {one.made_at.slice(0, 10)}</small>
              </span>
            ))}
          </Fact>
        </dl>
        <dl class="wide">
          <Fact label={MORE.rights} id="rights">
            {told.services.length === 0 ? say(MORE.noRights) : null}
            {told.services.map((one) => (
              <span class="line" key={one.service}>
                {serviceName(one.service)} {one.until === null ? null : <small>{say(MORE.until)} {one.until}</small>}
              </span>
            ))}
          </Fact>
        </dl>
      </div>
    </>
  );
}

/** A word with a shape of its own: a tick or a cross, not colour alone. */
export function Status({ of }: { readonly of: string }) {
  return (
    <span class={of === "valid" ? "status good" : "status bad"}>
      <span aria-hidden="true">{of === "valid" ? "✓" : "✕"}</span> {say(STATUSES[of] ?? [of, of])}
    </span>
  );
}

function serviceName(service: string): string {
  const names = (SERVICES as Readonly<Record<string, readonly string[]>>)[`service.${service}`];
  return names?.[language.value === "zh" ? 1 : 0] ?? service;
}
