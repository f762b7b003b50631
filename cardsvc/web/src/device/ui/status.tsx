/** How this reader stands: what somebody must see to first, then data, log and storage; and the way to end it. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ReaderError } from "../../reader/errors.ts";
import type { Device } from "../device.ts";
import { awake, device, tick } from "./page.ts";
import { Heading } from "./parts.tsx";
import type { Pair } from "./words.ts";
import { ALARMS, WORDS, age, clock, filled, language, say } from "./words.ts";

interface StatusProps {
  readonly close: () => void;
  /** More facts of the page's own. */
  readonly facts?: ComponentChildren;
  /** More that can be done on the page. */
  readonly acts?: ComponentChildren;
  /** What else the page forgets when the reader ends. */
  readonly ended?: () => void;
}

export function Status({ close, facts, acts, ended }: StatusProps) {
  const one = device.value;
  useEffect(() => void one?.look(), [one, tick.value]);
  if (one === null) return null;
  return (
    <section class="sheet status">
      <Heading words={WORDS.status} />
      <Alarms of={one} />
      <Facts of={one}>{facts}</Facts>
      <div class="acts">
        <Errand words={WORDS.askNow} run={() => one.sync()} />
        <Errand words={WORDS.bringNow} run={() => one.upload()} />
        {acts}
      </div>
      <Reset of={one} ended={ended} />
      <footer class="foot">
        <button type="button" class="next" onClick={close}>{say(WORDS.close)}</button>
      </footer>
    </section>
  );
}

/** An errand done now; the button waits for it, so that what stands above is what came of it. */
function Errand({ words, run }: { readonly words: Pair; readonly run: () => Promise<void> }) {
  const [busy, setBusy] = useState(false);
  const begin = async (): Promise<void> => {
    setBusy(true);
    await run().finally(() => setBusy(false));
  };
  return <button type="button" disabled={busy} aria-busy={busy} onClick={() => void begin()}>{say(words)}</button>;
}

function Alarms({ of }: { readonly of: Device }) {
  const found = of.alarms.value;
  if (found.length === 0) return <p class="well" role="status">{say(WORDS.allWell)}</p>;
  return (
    <ul class="alarms" role="alert">
      {found.map((alarm) => <li key={alarm}>{say(ALARMS[alarm])}</li>)}
    </ul>
  );
}

/** One fact under its name; what went wrong with it below, as the operator will want to hear it. */
export function Fact(props: { readonly label: Pair; readonly children: ComponentChildren; readonly error?: ReaderError | null }) {
  return (
    <div class="fact">
      <dt>{say(props.label)}</dt>
      <dd>
        {props.children}
        {props.error ? <small class="wrong">{props.error.message}</small> : null}
      </dd>
    </div>
  );
}

function Facts({ of, children }: { readonly of: Device; readonly children: ComponentChildren }) {
  const [trust, log, errands, enrolment] = [of.trust.value, of.log.value, of.errands.value, of.enrolment.value];
  const since = (at: number | null | undefined): string => (at ? filled(WORDS.ago, age(tick.value - at)) : say(WORDS.never));
  return (
    <dl class="facts">
      <Fact label={WORDS.reader}><span dir="ltr">{enrolment?.reader}</span></Fact>
      <Fact label={WORDS.venue}><span dir="ltr">{enrolment?.venue}</span></Fact>
      {children}
      <Fact label={WORDS.dataOf}>{trust === null ? say(WORDS.noData) : `${clock(trust.iat)} · ${trust.epoch}/${trust.seq}`}</Fact>
      <Fact label={WORDS.asked} error={errands?.syncError ?? null}>{since(errands?.syncedAt)}</Fact>
      <Fact label={WORDS.waitingRecords}>{log === null ? "–" : `${log.waiting} · ${filled(WORDS.ofRecords, log.seq)}`}</Fact>
      <Fact label={WORDS.brought} error={errands?.uploadError ?? null}>{since(errands?.broughtAt)}</Fact>
      {log !== null && log.missed > 0 ? <Fact label={WORDS.missed}>{log.missed}</Fact> : null}
      {log !== null && log.refused > 0 ? <Fact label={WORDS.refusedRecords}>{log.refused}</Fact> : null}
      <Fact label={WORDS.room}>{log === null ? "–" : share(log.share)}</Fact>
      <Storage />
      <Fact label={WORDS.screen}>{say(awake.value ? WORDS.yes : WORDS.no)}</Fact>
      <Fact label={WORDS.key}><code dir="ltr">{of.fingerprint}</code></Fact>
    </dl>
  );
}

const share = (of: number): string =>
  new Intl.NumberFormat(language.value, { style: "percent", maximumFractionDigits: 1 }).format(of);

const MB = 1_000_000;
const megabytes = (bytes: number): string =>
  new Intl.NumberFormat(language.value, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 }).format(bytes / MB);

function Storage() {
  const [found, setFound] = useState<{ used: number; quota: number; kept: boolean } | null>(null);
  useEffect(() => {
    const ask = async (): Promise<void> => {
      const [{ usage, quota }, kept] = [await navigator.storage.estimate(), await navigator.storage.persisted()];
      setFound({ used: usage ?? 0, quota: quota ?? 0, kept });
    };
    if ("storage" in navigator) void ask();
  }, [tick.value]);
  if (found === null) return null;
  return (
    <Fact label={WORDS.storage}>
      {filled(WORDS.storageOf, megabytes(found.used), megabytes(found.quota))}
      <small>{say(found.kept ? WORDS.persistent : WORDS.evictable)}</small>
    </Fact>
  );
}

/** Nobody ends a reader by a slip: its name is typed, and what would be lost is said first. */
function Reset({ of, ended }: { readonly of: Device; readonly ended: (() => void) | undefined }) {
  const [typed, setTyped] = useState("");
  const name = of.enrolment.value?.reader ?? "";
  const waiting = of.log.value?.waiting ?? 0;
  const end = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (typed.trim() !== name) return;
    await of.leave();
    ended?.();
  };
  return (
    <details class="reset">
      <summary>{say(WORDS.reset)}</summary>
      <form onSubmit={(event) => void end(event)}>
        <p>{say(WORDS.resetWhy)}</p>
        {waiting > 0 ? <p class="wrong">{filled(WORDS.resetLoses, waiting)}</p> : null}
        <label for="reset">{say(WORDS.resetType)}: <b dir="ltr">{name}</b></label>
        <input id="reset" dir="ltr" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} autocomplete="off" spellcheck={false} />
        <button class="danger" disabled={typed.trim() !== name}>{say(WORDS.reset)}</button>
      </form>
    </details>
  );
}
