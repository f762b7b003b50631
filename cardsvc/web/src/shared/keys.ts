/**
 * Single-key shortcuts, and the passport reader that types.
 *
 * A keyboard-wedge reader sends 90 letters in a blink; none of them may act as a shortcut. So a letter pressed
 * outside a field waits a moment: alone, it is a shortcut; in a burst, it is collected as passport lines. In a field
 * people type, and nothing is kept from it; once whole passport lines came, it holds again what it held before them.
 */
import { remember, remembered } from "./remembered.ts";

/** How long a letter waits to be alone: readers send one every 1 to 20 ms, nobody types that fast. */
export const ALONE_MS = 50;
/** Once letters came in a burst, or as a capital, a busy machine may take this long over the next. */
export const BURST_MS = 250;
/** And this long while lines are not whole: half a passport opened a form that took the other half for typing. */
export const HALF_MS = 2000;
/** How many letters a line has, and how many lines there are, on a passport, a visa or a card (ICAO 9303). */
const LINES: Readonly<Record<number, number>> = { 30: 3, 36: 2, 44: 2 };
const SHORTEST_LINE = 30;
const PASSPORT_LINE = /^[A-Z0-9<]{30,}$/;

export type Timer = (run: () => void, ms: number) => () => void;

const browserTimer: Timer = (run, ms) => {
  const handle = setTimeout(run, ms);
  return () => clearTimeout(handle);
};

/** Where letters go while it has the focus. */
export type Field = EventTarget & { value: string };

/** Tells bursts from single letters. */
export class Wedge {
  #collected = "";
  #field: Field | null = null;
  /** What the field held before the first letter. */
  #held = "";
  #stop: () => void = () => undefined;

  constructor(
    private readonly single: (key: string) => void,
    private readonly lines: (lines: string[]) => void,
    private readonly after: Timer = browserTimer,
  ) {}

  /** One letter, or "\n" for the Enter key. True while a burst runs, so that its Enter opens nothing. */
  feed(letter: string, field: Field | null = null): boolean {
    if (field !== this.#field) this.#collected = "";
    if (letter === "\n" && !this.#collected) return false;
    this.#stop();
    if (!this.#collected) {
      this.#field = field;
      this.#held = field?.value ?? "";
    }
    this.#collected += letter;
    const text = this.#collected;
    const alone = text.length === 1 && !isCapital(letter);
    this.#stop = this.after(() => this.#settle(), alone ? ALONE_MS : isHalf(text, field) ? HALF_MS : BURST_MS);
    return field ? linesOf(text, field).length > 0 : text.length > 1;
  }

  #settle(): void {
    const text = this.#collected;
    const field = this.#field;
    this.#collected = "";
    this.#field = null;
    const found = linesOf(text, field);
    if (found.length > 0) {
      if (field) takeBack(field, this.#held);
      this.lines(found);
    } else if (!field && text.length === 1 && !isCapital(text)) this.single(text);
  }
}

/** With Caps Lock on, a reader's capitals come small. In a field only what nobody types is taken for a passport. */
function linesOf(text: string, field: Field | null): string[] {
  const lines = text.toUpperCase().split("\n");
  if (field) return text.includes("<") ? lines.filter((line) => PASSPORT_LINE.test(line)) : [];
  return lines.filter((line) => line.length >= SHORTEST_LINE);
}

/** Whether this looks like a passport's lines, and something of them is to come. In a field, capitals may be a name. */
function isHalf(text: string, field: Field | null): boolean {
  const begun = /^[a-z][a-z0-9]*</i.test(text) || (!field && /^[A-Z][A-Z<]/.test(text));
  const lines = text.split("\n");
  const length = lines[0]?.length ?? 0;
  // A first line that is over and has another length is something else, such as the code on a phone's screen.
  const wanted = LINES[length] ?? (lines.length > 1 ? 0 : Infinity);
  return begun && lines.filter((line) => line.length === length).length < wanted;
}

/** As if nothing had been typed: whoever keeps the field's value is told, too. */
function takeBack(field: Field, held: string): void {
  field.value = held;
  for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
}

/** Passport lines are capitals; shortcuts are not. */
const isCapital = (letter: string): boolean => letter !== letter.toLowerCase();

export interface Shortcut {
  readonly key: string;
  readonly words: () => string;
  readonly run: () => void;
}

const active: Shortcut[] = [];
const OFF = "desk.single-keys-off";
let takeLines: (lines: string[]) => void;
/** Whether what the keys are for stands out of sight. */
let away: () => boolean = () => false;

/** Whether single letters act at all (WCAG 2.1.4: they can be switched off). */
export const singleKeys = {
  get on(): boolean {
    return remembered(OFF) === null;
  },
  set on(value: boolean) {
    remember(OFF, value ? null : "yes");
  },
};

/**
 * Add shortcuts; a later one with the same key comes first. Returns how to take them away.
 *
 * Add them in a layout effect: a plain effect waits for the next paint, and a quick key would be lost.
 */
export function addShortcuts(list: readonly Shortcut[]): () => void {
  active.unshift(...list);
  return () => list.forEach((one) => active.splice(active.indexOf(one), 1));
}

/** What can be pressed here, nearest first, each key once. */
export function shortcutsHere(): readonly Shortcut[] {
  return away() ? [] : active.filter((one, place) => active.findIndex((other) => other.key === one.key) === place);
}

/** Tell a screen of the next passport that is read, instead of the page; returns how to have whoever was told before. */
export function whenPassportRead(take: (lines: string[]) => void): () => void {
  const before = takeLines;
  takeLines = take;
  return () => void (takeLines = before);
}

/** The field that letters go to, if any. */
function fieldOf(target: EventTarget | null): Field | null {
  if (target instanceof HTMLInputElement) return ["checkbox", "radio", "button", "file", "range"].includes(target.type) ? null : target;
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement ? target : null;
}

/** Fields made for passport lines: what a reader types there is meant for them. */
const forLines = (target: EventTarget | null): boolean => target instanceof HTMLTextAreaElement && target.classList.contains("mrz");

/** The letter without Caps Lock: pressed alone it is still meant as a shortcut, and a reader's capital as none. */
function meant(event: KeyboardEvent): string {
  if (!event.getModifierState("CapsLock")) return event.key;
  return event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase();
}

/** Listen to the keyboard; called once by a page. It takes a passport that no screen waits for. */
export function startKeys(passport: (lines: string[]) => void, hidden: () => boolean): void {
  takeLines = passport;
  away = hidden;
  const wedge = new Wedge(
    (letter) => singleKeys.on && shortcutsHere().find((one) => one.key === letter)?.run(),
    (lines) => away() || takeLines(lines),
  );
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const chord = event.ctrlKey || event.metaKey ? `ctrl+${event.key.toLowerCase()}` : event.key.toLowerCase();
    const dialogOpen = document.querySelector("dialog[open]") !== null;
    if (event.ctrlKey || event.metaKey || event.altKey) {
      const found = shortcutsHere().find((one) => one.key === chord);
      if (!found || dialogOpen) return;
      event.preventDefault();
      found.run();
    } else if (!forLines(event.target) && !dialogOpen) {
      const field = fieldOf(event.target);
      const letter = event.key.length === 1 ? meant(event) : "";
      if (letter && letter !== " ") wedge.feed(letter, field);
      else if (event.key === "Enter" && wedge.feed("\n", field)) event.preventDefault();
      else if (event.key === "Escape" && !field) shortcutsHere().find((one) => one.key === "escape")?.run();
    }
  });
}
