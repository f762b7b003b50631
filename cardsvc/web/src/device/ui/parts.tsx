/** The frame of a reader's page: its name, and the age of its data in the same place on every screen. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ReaderError } from "../../reader/errors.ts";
import { device, online, tick } from "./page.ts";
import { REFUSALS } from "./refusals.ts";
import type { Pair } from "./words.ts";
import { WORDS, age, filled, other, say, sayOther, useLanguage } from "./words.ts";

/** A heading in both languages; it takes the focus, so that a screen reader says where one is. */
export function Heading({ words }: { readonly words: Pair }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <h2 tabIndex={-1} ref={heading}>
      {say(words)} <span lang={other()}>{sayOther(words)}</span>
    </h2>
  );
}

interface TopProps {
  readonly title: Pair;
  readonly children?: ComponentChildren;
  readonly status: () => void;
}

export function Top({ title, children, status }: TopProps) {
  const one = device.value;
  const trust = one?.trust.value ?? null;
  const trouble = (one?.alarms.value.length ?? 0) > 0;
  return (
    <header class="top">
      <h1>
        {say(title)} <span lang={other()}>{sayOther(title)}</span>
      </h1>
      {children}
      {one?.enrolment.value ? (
        <button type="button" class={trouble ? "age trouble" : "age"} onClick={status}>
          <span class="dot" aria-hidden="true" />
          {say(online.value ? WORDS.online : WORDS.offline)}
          {" · "}
          {trust === null ? say(WORDS.noData) : `${say(WORDS.data)} ${filled(WORDS.ago, age(tick.value - trust.iat))}`}
          <span class="sr">{say(WORDS.status)}</span>
        </button>
      ) : null}
      <button type="button" class="language" lang={other()} onClick={() => useLanguage(other())}>
        {say(WORDS.language)}
      </button>
    </header>
  );
}

/** A choice of a few, one of them pressed. */
export function Choice<Value extends string | number>(props: {
  readonly label: Pair;
  readonly value: Value;
  readonly choices: readonly (readonly [Value, string])[];
  readonly choose: (value: Value) => void;
}) {
  return (
    <div class="choice" role="group" aria-label={say(props.label)}>
      <span class="label">{say(props.label)}</span>
      <div class="options">
        {props.choices.map(([value, words]) => (
          <button key={value} type="button" aria-pressed={value === props.value} onClick={() => props.choose(value)}>
            {words}
          </button>
        ))}
      </div>
    </div>
  );
}

/** What to do about a refusal; beneath, in the program's own words, what the operator will want to hear. */
export function Told({ of }: { readonly of: ReaderError | null }) {
  return (
    <p class="told" role="alert">
      {of !== null && (
        <>
          {say(REFUSALS[of.reason] ?? WORDS.refused)}{" "}
          <small lang="en" dir="ltr">{of.message} ({of.reason})</small>
        </>
      )}
    </p>
  );
}

/** Why the last thing that was asked of this reader could not be done. */
export function Refusal() {
  return <Told of={device.value?.refusal.value ?? null} />;
}
