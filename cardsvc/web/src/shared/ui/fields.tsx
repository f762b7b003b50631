/** Things to fill in: a label above, what is wrong or wanted below, both told to screen readers. */
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

interface Described {
  readonly label: ComponentChildren;
  readonly hint?: ComponentChildren;
  readonly error?: string | null | undefined;
  readonly class?: string;
}

function describe(id: string, { hint, error }: Described): { "aria-describedby"?: string; "aria-invalid"?: true } {
  const parts = [hint ? `${id}-hint` : "", error ? `${id}-error` : ""].filter(Boolean).join(" ");
  return { ...(parts ? { "aria-describedby": parts } : {}), ...(error ? { "aria-invalid": true } : {}) };
}

function Around({ id, of, children }: { id: string; of: Described; children: ComponentChildren }) {
  return (
    <div class={`field ${of.class ?? ""} ${of.error ? "wrong" : ""}`}>
      <label for={id}>{of.label}</label>
      {children}
      {of.hint && (
        <p class="hint" id={`${id}-hint`}>
          {of.hint}
        </p>
      )}
      {of.error && (
        <p class="error" id={`${id}-error`}>
          {of.error}
        </p>
      )}
    </div>
  );
}

interface TextProps extends Described {
  readonly value: string;
  readonly change: (value: string) => void;
  /** Given what was typed, what is meant: letters large, days as ISO 8601. Applied when the field is left. */
  readonly tidy?: (value: string) => string;
  readonly input?: JSX.HTMLAttributes<HTMLInputElement> & Record<string, unknown>;
}

export function TextField({ value, change, tidy, input, ...of }: TextProps) {
  const id = useId();
  const leave = (event: JSX.TargetedEvent<HTMLInputElement>) => {
    const meant = tidy?.(event.currentTarget.value);
    if (meant !== undefined && meant !== value) change(meant);
  };
  return (
    <Around id={id} of={of}>
      <input
        id={id}
        dir="auto"
        autocomplete="off"
        spellcheck={false}
        {...(input as JSX.HTMLAttributes<HTMLInputElement>)}
        {...describe(id, of)}
        value={value}
        onInput={(event) => change(event.currentTarget.value)}
        onBlur={leave}
      />
    </Around>
  );
}

interface AreaProps extends Described {
  readonly value: string;
  readonly change: (value: string) => void;
  readonly rows?: number;
  readonly area?: JSX.HTMLAttributes<HTMLTextAreaElement> & Record<string, unknown>;
}

export function AreaField({ value, change, rows = 3, area, ...of }: AreaProps) {
  const id = useId();
  return (
    <Around id={id} of={of}>
      <textarea
        id={id}
        rows={rows}
        dir="auto"
        spellcheck={false}
        {...(area as JSX.HTMLAttributes<HTMLTextAreaElement>)}
        {...describe(id, of)}
        value={value}
        onInput={(event) => change(event.currentTarget.value)}
      />
    </Around>
  );
}

export interface Choice {
  readonly value: string;
  readonly words: string;
}
interface SelectProps extends Described {
  readonly value: string;
  readonly change: (value: string) => void;
  readonly choices: readonly Choice[];
  readonly select?: Record<string, unknown>;
}

export function SelectField({ value, change, choices, select, ...of }: SelectProps) {
  const id = useId();
  return (
    <Around id={id} of={of}>
      <select id={id} {...select} {...describe(id, of)} value={value} onChange={(event) => change(event.currentTarget.value)}>
        {choices.map((one) => (
          <option key={one.value} value={one.value}>
            {one.words}
          </option>
        ))}
      </select>
    </Around>
  );
}

/** The file that was just chosen. The input is emptied: the same name, corrected, can be chosen again. */
export function fileOf(input: HTMLInputElement): File | undefined {
  const chosen = input.files?.[0];
  input.value = "";
  return chosen;
}

/** Digits alone, when there are all eight; else a mark after the year and one after the month. */
const TYPED_DAY = /^\s*(?:(\d{4})(\d{2})(\d{2})|(\d{4})[-/.年 ](\d{1,2})[-/.月 ](\d{1,2})日?)\s*$/;

/** A day as people type it, as ISO 8601 where it can mean one day alone; else as it came. */
export function isoDay(text: string): string {
  const [year, month, date] = TYPED_DAY.exec(text)?.slice(1).filter(Boolean) ?? [];
  return year && month && date ? `${year}-${month.padStart(2, "0")}-${date.padStart(2, "0")}` : text.trim();
}

/** Whether something was typed that is no day of the calendar. */
export function isNoDay(text: string): boolean {
  const meant = isoDay(text);
  const read = new Date(meant);
  return meant !== "" && (Number.isNaN(read.getTime()) || read.toISOString().slice(0, 10) !== meant);
}

export const large = (text: string): string => text.trim().toUpperCase();
export const trimmed = (text: string): string => text.trim().replace(/\s+/g, " ");
