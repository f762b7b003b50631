import { describe, expect, it } from "vitest";
import { BURST_MS, HALF_MS, Wedge, type Field } from "./keys.ts";

function wedge() {
  const singles: string[] = [];
  const read: string[][] = [];
  let due: (() => void) | null = null;
  let waits = 0;
  const timer = (run: () => void, ms: number) => {
    due = run;
    waits = ms;
    return () => {
      due = null;
    };
  };
  const one = new Wedge((key) => singles.push(key), (lines) => read.push(lines), timer);
  const type = (text: string, field: Field | null = null) =>
    [...text].forEach((letter) => {
      one.feed(letter, field);
      if (field) field.value += letter;
    });
  return { one, singles, read, type, waits: () => waits, pause: () => due?.() };
}

/** A text field, as much of one as a reader needs. */
class Box extends EventTarget {
  constructor(public value: string) {
    super();
  }
}

const FIRST = "P<YEMAL<NAMUDHAJ<<SALIM<QASIM<<<<<<<<<<<<<<<";
const SECOND = "07654321<4YEM7911303M3603147<<<<<<<<<<<<<<<8";

describe("a keyboard-wedge reader", () => {
  it("is told from a shortcut", () => {
    const { type, pause, singles, read } = wedge();
    type("n");
    pause();
    expect(singles).toEqual(["n"]);
    expect(read).toEqual([]);
  });

  it("gives both lines, and none of its letters acts", () => {
    const { type, pause, singles, read } = wedge();
    type(`${FIRST}\n${SECOND}\n`);
    pause();
    expect(read).toEqual([[FIRST, SECOND]]);
    expect(singles).toEqual([]);
  });

  it("waits for the other half, and not when it has both", () => {
    const { type, waits } = wedge();
    type(FIRST.slice(0, 30));
    expect(waits()).toBe(HALF_MS);
    type(`${FIRST.slice(30)}\n`);
    expect(waits()).toBe(HALF_MS);
    type(SECOND);
    expect(waits()).toBe(BURST_MS);
    type("\n");
    expect(waits()).toBe(BURST_MS);
  });

  it("does not wait for more of a code on a phone's screen", () => {
    const { type, waits } = wedge();
    type(`APPLY${"7".repeat(28)}\n`);
    expect(waits()).toBe(BURST_MS);
  });

  it("waits for three lines of an identity card", () => {
    const { type, waits } = wedge();
    type(`I<UTOD231458907${"<".repeat(15)}\n7408122F1204159UTO<<<<<<<<<<<6\n`);
    expect(waits()).toBe(HALF_MS);
    type("ERIKSSON<<ANNA<MARIA<<<<<<<<<<\n");
    expect(waits()).toBe(BURST_MS);
  });

  it("lets a lone Enter through and keeps the Enter of a burst", () => {
    const { one, type } = wedge();
    expect(one.feed("\n")).toBe(false);
    type(FIRST);
    expect(one.feed("\n")).toBe(true);
  });

  it("takes no capital for a shortcut: it may be the first letter of a passport", () => {
    const { type, pause, singles } = wedge();
    type("P");
    pause();
    expect(singles).toEqual([]);
  });

  it("is read with Caps Lock on, where its capitals come small", () => {
    const { type, pause, singles, read, waits } = wedge();
    type(`${FIRST.toLowerCase()}\n`);
    expect(waits()).toBe(HALF_MS);
    type(SECOND.toLowerCase());
    pause();
    expect(read).toEqual([[FIRST, SECOND]]);
    expect(singles).toEqual([]);
  });

  it("leaves a field as it was, and tells whoever keeps its value", () => {
    const { one, type, pause, read } = wedge();
    const box = new Box("Salim");
    const told: string[] = [];
    box.addEventListener("input", () => told.push(box.value));
    type(`${FIRST}\n${SECOND}`, box);
    expect(one.feed("\n", box)).toBe(true);
    pause();
    expect(read).toEqual([[FIRST, SECOND]]);
    expect(box.value).toBe("Salim");
    expect(told).toEqual(["Salim"]);
  });

  it("takes nothing that people type into a field for a passport, however fast", () => {
    const { one, type, pause, waits, read, singles } = wedge();
    for (const text of ["n", "AL-NAMUDHAJ", "A".repeat(40), "a < b", "SPECIMENOPOULOU<"]) {
      const box = new Box("");
      type(text, box);
      if (!text.includes("<")) expect(waits()).not.toBe(HALF_MS);
      expect(one.feed("\n", box)).toBe(false);
      pause();
      expect(box.value).toBe(text);
    }
    expect(read).toEqual([]);
    expect(singles).toEqual([]);
  });

  it("begins anew where the focus changes", () => {
    const { type, pause, singles } = wedge();
    type("sal", new Box(""));
    type("n");
    pause();
    expect(singles).toEqual(["n"]);
  });

  it("drops a burst that is no passport line", () => {
    const { type, pause, singles, read } = wedge();
    type("nj");
    pause();
    expect(singles).toEqual([]);
    expect(read).toEqual([]);
  });
});
