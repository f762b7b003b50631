/** Requests that take two officers: one's own, and others' that wait for one's passkey. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Request } from "../shared/api/police.ts";
import { answer, approve, refuse, requests } from "../shared/api/police.ts";
import { countryName } from "../shared/countries.ts";
import { found, pending } from "./memory.ts";
import { Act, Fact, Sheet, Told, countdown, task, useSeen } from "./parts.tsx";
import { secondsUntil } from "./shift.ts";
import { asking, sheet } from "./state.ts";
import { language, lastDay, say } from "./words.ts";
import { KINDS, MORE, PURPOSES, STATES } from "./words.shift.ts";

const work = task();
const listed = signal<Awaited<ReturnType<typeof requests>> | null>(null);
/** While the list is looked at, somebody is waiting for somebody else. */
const ASK_MS = 3000;
/** How long an answer is open once the second officer agreed (docs/police.md). */
const ANSWER_S = 300;
/** How often the lists were asked for, and which of these answers is shown: a slow one puts no older list back. */
let asked = 0;
let settled = 0;

export function Requests() {
  useEffect(() => {
    void work.run(load);
    const timer = setInterval(() => void quietly(), ASK_MS);
    return () => {
      clearInterval(timer);
      settled = ++asked;
      listed.value = null;
    };
  }, []);
  const lists = listed.value;
  return (
    <Sheet title={MORE.requests} name="requests">
      <Told of={work} />
      {lists?.own.length === 0 && lists.waiting.length === 0 ? <p>{say(MORE.noRequests)}</p> : null}
      <List title={MORE.others} of={lists?.waiting ?? []} own={false} />
      <List title={MORE.own} of={lists?.own ?? []} own />
    </Sheet>
  );
}

async function load(): Promise<void> {
  const round = ++asked;
  const lists = await asking(requests);
  if (round < settled) return;
  settled = round;
  listed.value = lists;
  pending.value = lists.waiting.length;
}

/** In the background: what cannot be asked now is asked again in a moment. */
async function quietly(): Promise<void> {
  if (work.busy.value || document.hidden) return;
  try {
    await load();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

interface ListProps {
  readonly title: readonly [string, string];
  readonly of: readonly Request[];
  readonly own: boolean;
}

function List({ title, of, own }: ListProps) {
  if (of.length === 0) return null;
  return (
    <section aria-label={say(title)}>
      <h3>{say(title)}</h3>
      {of.map((one) => (
        <One key={one.id} of={one} own={own} />
      ))}
    </section>
  );
}

function One({ of, own }: { readonly of: Request; readonly own: boolean }) {
  const seen = useSeen();
  const left = secondsUntil(Date.parse(of.expires) / 1000);
  const waits = of.state === "waiting" && left > 0;
  return (
    <article class={`request ${waits ? "waits" : ""}`} data-state={of.state}>
      <h4>
        {say(KINDS[of.kind] ?? [of.kind, of.kind])} <small>{waits ? countdown(left) : say(STATES[of.state] ?? [of.state, of.state])}</small>
      </h4>
      <dl class="rest">
        <Fact label={MORE.purpose}>{say(PURPOSES[of.purpose] ?? [of.purpose, of.purpose])}</Fact>
        <Fact label={MORE.caseNumber}>{of.case_number}</Fact>
        <Fact label={MORE.about}>{about(of.query)}</Fact>
        {of.kind === "look_up" && of.covert_days > 0 ? <Fact label={MORE.covertDays}>{of.covert_days}</Fact> : null}
        {of.until === null ? null : <Fact label={MORE.hotUntil}>{lastDay(of.until)}</Fact>}
        {own ? null : (
          <Fact label={MORE.askedBy}>
            {of.asker_name} <small>{of.office}</small>
          </Fact>
        )}
      </dl>
      {waits ? <Decide of={of} own={own} /> : null}
      {own && of.kind === "look_up" && openFor(of) > 0 ? <Act of={work} words={MORE.openAnswer} act={() => open(of, seen)} /> : null}
    </article>
  );
}

function Decide({ of, own }: { readonly of: Request; readonly own: boolean }) {
  const decided = (step: (id: string) => Promise<Request>) => async (): Promise<void> => {
    await asking(() => step(of.id));
    await load();
  };
  return (
    <div class="decide">
      <Act of={work} words={own ? MORE.agreeHere : MORE.agree} act={decided(approve)} />
      <Act of={work} words={own ? MORE.takeBack : MORE.refuse} act={decided(refuse)} plain />
    </div>
  );
}

/** Whom a request is about, in words. */
function about(query: Readonly<Record<string, string>>): string {
  const { passport, country, card, name, birth } = query;
  if (passport !== undefined) return `${passport} · ${countryName(country ?? "", language.value)}`;
  if (name !== undefined) return `${name} · ${birth ?? ""}`;
  return card?.replace(/(.{4})/g, "$1 ") ?? "–";
}

/** Seconds for which the answer may still be read. */
function openFor(of: Request): number {
  if (of.decided === null || !["approved", "answered"].includes(of.state)) return 0;
  return secondsUntil(Date.parse(of.decided) / 1000 + ANSWER_S);
}

async function open(of: Request, seen: { readonly current: boolean }): Promise<void> {
  const { found: people } = await asking(() => answer(of.id));
  if (!seen.current) return;
  found.value = { people, until: Date.parse(of.decided ?? of.at) / 1000 + ANSWER_S };
  sheet.value = "found";
}
