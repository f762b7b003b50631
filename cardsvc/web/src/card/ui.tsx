/** The few parts that the screens are put together from. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Refusal, Unreachable } from "./service.ts";
import { link } from "./place.ts";
import { Unkept } from "./store.ts";
import { say, type Key } from "./words/index.ts";

export type Tone = "quiet" | "good" | "attention" | "deny";

/** Each tone its own shape, so that nobody needs the colour. */
const SHAPES: Readonly<Record<Tone, string>> = {
  quiet: "M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19Zm0 8.5v5.5m0-9v.4",
  good: "M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19Zm-4.4 9.8 3 3 5.9-6.4",
  attention: "M12 3 2.5 20.5h19L12 3Zm0 6.5v5m0 2.5v.4",
  deny: "M8 2.5h8L21.5 8v8L16 21.5H8L2.5 16V8L8 2.5Zm1 6.5 6 6m0-6-6 6",
};

export function Mark({ tone }: { readonly tone: Tone }) {
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
      <path d={SHAPES[tone]} />
    </svg>
  );
}

interface NoteProps {
  readonly tone: Tone;
  readonly children: ComponentChildren;
  /** Said by a screen reader as soon as it appears. */
  readonly aloud?: boolean;
}

export function Note({ tone, children, aloud }: NoteProps) {
  return (
    <div class={`note ${tone}`} role={aloud ? (tone === "deny" ? "alert" : "status") : undefined}>
      <Mark tone={tone} />
      <div>{children}</div>
    </div>
  );
}

/** A screen's heading; it takes the focus when the screen changes, so that a screen reader says where one is. */
export function Title({ children, back }: { readonly children: ComponentChildren; readonly back?: readonly string[] }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div class="title">
      {back && (
        <a class="back" href={link(...back)} aria-label={say("nav.back")}>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="m14.5 5-7 7 7 7" /></svg>
        </a>
      )}
      <h1 tabIndex={-1} ref={heading}>{children}</h1>
    </div>
  );
}

/** A card's number in groups of four, left to right in every language. */
export function CardNumber({ of }: { readonly of: string }) {
  return <bdi class="digits" dir="ltr">{of.replace(/(.{4})(?=.)/g, "$1 ")}</bdi>;
}

type Words = Readonly<Record<string, Key>> & { readonly refused: Key };

/** Whatever was asked may be good: nothing was looked at, since too much came from this address. */
const ANYWHERE: Readonly<Record<string, Key>> = { locked_out: "wrong.often", too_often: "wrong.often" };

/** Words for a refusal: those of the reason, a screen's own first, else the screen's general ones. */
export const refusal = (reason: string, words: Words): Key => words[reason] ?? ANYWHERE[reason] ?? words.refused;

/** Something that a screen does, whether it is still at it, and the words for what went wrong. */
export function useTask(words: Words) {
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<Key | null>(null);
  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setWrong(null);
    try {
      await work();
      return true;
    } catch (error) {
      if (error instanceof Refusal) setWrong(refusal(error.reason, words));
      else if (error instanceof Unreachable) setWrong("wrong.network");
      else if (!(error instanceof Unkept)) throw error; // That the frame says.
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, wrong, run };
}

export function Wrong({ of }: { readonly of: Key | null }) {
  return of === null ? null : <Note tone="deny" aloud>{say(of)}</Note>;
}

interface AskedProps {
  readonly name: Key;
  readonly question: Key;
  readonly act: () => Promise<unknown>;
}

/** A button that asks once more before it does what cannot be undone. */
export function Asked({ name, question, act }: AskedProps) {
  const [open, setOpen] = useState(false);
  const task = useTask({ refused: "wrong.refused", application_taken: "became.taken" });
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    if (open) box.current?.focus();
  }, [open]);
  if (!open) return <button type="button" class="row" onClick={() => setOpen(true)}>{say(name)}</button>;
  const go = async (): Promise<void> => {
    if (await task.run(act)) setOpen(false);
  };
  return (
    <section class="asked" role="group" aria-label={say(name)} tabIndex={-1} ref={box}>
      <p>{say(question)}</p>
      <Wrong of={task.wrong} />
      <div class="pair">
        <button type="button" class="danger" disabled={task.busy} onClick={() => void go()}>{say("yes")}</button>
        <button type="button" onClick={() => setOpen(false)}>{say("no")}</button>
      </div>
    </section>
  );
}

/** Draw again every so often: what is said in hours, days or seconds goes on without anybody's touch. */
export function useTick(ms: number): void {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), ms);
    return () => clearInterval(timer);
  }, [ms]);
}
