/** The few parts that the officer's screens share. */
import type { ComponentChildren } from "preact";
import { signal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { wordsOf } from "./reasons.ts";
import { sheet } from "./state.ts";
import type { Sheet as SheetName } from "./state.ts";
import type { Pair } from "./words.ts";
import { other, otherLanguage, say } from "./words.ts";
import { MORE } from "./words.shift.ts";

/** Words in the chosen language, and small beside them in the other. */
export function Both({ of }: { readonly of: Pair }) {
  return (
    <>
      {say(of)} <span lang={otherLanguage()}>{other(of)}</span>
    </>
  );
}

interface SheetProps {
  readonly title: Pair;
  readonly name: string;
  readonly back?: SheetName;
  readonly foot?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A screen over the camera: a heading, what it holds, and the way back under the thumb. */
export function Sheet({ title, name, back = "menu", foot, children }: SheetProps) {
  return (
    <section class={`sheet ${name}`} aria-label={say(title)}>
      <h2>
        <Both of={title} />
      </h2>
      {children}
      <footer class="foot">
        {foot}
        <button type="button" class={foot === undefined ? "next" : ""} onClick={() => (sheet.value = back)}>
          {say(MORE.back)}
        </button>
      </footer>
    </section>
  );
}

interface FactProps {
  readonly label: Pair;
  readonly id?: string;
  readonly children: ComponentChildren;
}

export function Fact({ label, id, children }: FactProps) {
  return (
    <div class="fact" {...(id && { id })}>
      <dt>
        <Both of={label} />
      </dt>
      <dd>{children}</dd>
    </div>
  );
}

interface Named {
  readonly name?: string | null | undefined;
  readonly name_native?: string | null | undefined;
  readonly name_chinese?: string | null | undefined;
}

/** A name in all its scripts, always together, each in its own direction. */
export function Names({ of }: { readonly of: Named }) {
  if (!of.name) return null;
  return (
    <div class="name">
      <b lang="en">{of.name}</b>
      <p>
        {of.name_chinese ? <b lang="zh">{of.name_chinese}</b> : null}
        {of.name_native && of.name_native !== of.name ? <bdi>{of.name_native}</bdi> : null}
      </p>
    </div>
  );
}

/** Something that is asked of the service: whether it is on its way, and why it could not be done. */
export interface Task {
  readonly busy: Signal<boolean>;
  readonly trouble: Signal<string | null>;
  run(step: () => Promise<void>): Promise<void>;
}

export function task(): Task {
  const busy = signal(false);
  const trouble = signal<string | null>(null);
  const run = async (step: () => Promise<void>): Promise<void> => {
    if (busy.value) return; // A second touch of an impatient thumb.
    busy.value = true;
    trouble.value = null;
    try {
      await step();
    } catch (error) {
      trouble.value = wordsOf(error);
    } finally {
      busy.value = false;
    }
  };
  return { busy, trouble, run };
}

/** Whether the screen that asks is still the one that is seen: a late answer must not put another before the officer. */
export function useSeen(): { readonly current: boolean } {
  const seen = useRef(true);
  useEffect(() => () => void (seen.current = false), []);
  return seen;
}

interface ActProps {
  readonly of: Task;
  readonly words: Pair;
  readonly act: () => Promise<void>;
  readonly plain?: boolean;
}

/** A button that does one task. */
export function Act({ of, words, act, plain = false }: ActProps) {
  return (
    <button type="button" class={plain ? "" : "next"} disabled={of.busy.value} onClick={() => void of.run(act)}>
      <b>
        <Both of={words} />
      </b>
    </button>
  );
}

export function Told({ of }: { readonly of: Task }) {
  return (
    <p class="told" role="status">
      {of.trouble.value}
    </p>
  );
}

/** Minutes and seconds that are left, as a clock shows them. */
export function countdown(seconds: number): string {
  const left = Math.max(0, Math.floor(seconds));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}
