/** The gate's page: set up once, then one door; how it stands is behind one button. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { broken, device, pageOf, tick } from "../device/ui/page.ts";
import { Top } from "../device/ui/parts.tsx";
import { SetUp } from "../device/ui/setup.tsx";
import { Fact, Status } from "../device/ui/status.tsx";
import { ANSWERS, WORDS, say } from "../device/ui/words.ts";
import type { Answer } from "../reader/verdict.ts";
import { VerdictShape } from "../shared/ui/shape.tsx";
import { Choosing, Locked } from "./choosing.tsx";
import { Door, shown } from "./door.tsx";
import { choose, forget, settings } from "./settings.ts";
import { sound, wakeSound } from "./sounds.ts";
import { GATE, serviceWords } from "./words.ts";

type Sheet = "door" | "locked" | "status" | "choosing" | "test";
const sheet = signal<Sheet>("door");

const ask = (): void => {
  sheet.value = settings.value?.mode === "kiosk" && sheet.value === "door" ? "locked" : "status";
};
const toDoor = (): void => void (sheet.value = "door");

/** The door, with nobody before it. */
export function idle(): boolean {
  const stage = device.value?.stage.value ?? "starting";
  return (stage === "ready" || stage === "empty") && settings.value !== null && sheet.value === "door" && shown.value === null;
}

/** A kiosk that is left alone for so long is a door again, and locked. */
const ALONE_MS = 45_000;

function useDoorAgain(): void {
  const away = settings.value?.mode === "kiosk" && sheet.value !== "door";
  useEffect(() => {
    if (!away) return;
    let timer = setTimeout(toDoor, ALONE_MS);
    const again = (): void => {
      clearTimeout(timer);
      timer = setTimeout(toDoor, ALONE_MS);
    };
    // Of keys those alone that lead elsewhere: a hand scanner types for holders who wait for their door.
    const signs = ["pointerdown", "focusin"];
    for (const sign of signs) addEventListener(sign, again);
    return () => {
      clearTimeout(timer);
      for (const sign of signs) removeEventListener(sign, again);
    };
  }, [away]);
}

export function App() {
  void tick.value;
  useDoorAgain();
  return (
    <div class="reader">
      <Top title={GATE.title} status={ask}>
        {settings.value === null ? null : <Place />}
      </Top>
      <main>{broken.value === null ? <Main /> : <p class="sheet" role="alert">{say(WORDS.broken)}</p>}</main>
    </div>
  );
}

function Main() {
  const stage = device.value?.stage.value ?? "starting";
  const enrolled = device.value?.enrolment.value ?? null;
  if (stage === "starting") return null;
  if (enrolled !== null && pageOf(enrolled.profile) !== "/gate") return <Elsewhere page={pageOf(enrolled.profile)} />;
  if (stage === "new" || stage === "rootless" || (stage === "empty" && settings.value === null)) return <SetUp />;
  if (settings.value === null || sheet.value === "choosing") return <Choosing done={toDoor} />;
  switch (sheet.value) {
    case "locked":
      return <Locked opened={() => (sheet.value = "status")} close={toDoor} />;
    case "status":
      return <GateStatus />;
    case "test":
      return <Test />;
    default:
      return <Door settings={settings.value} />;
  }
}

/** A seller's code opens the seller's page; an officer's phone has one of its own. */
function Elsewhere({ page }: { readonly page: string }) {
  if (page === "/seller") location.replace(page);
  return <p class="sheet" role="alert">{say(WORDS.notHere)}</p>;
}

/** What this door asks for and which way; staff turn it around with one touch. */
function Place() {
  const now = settings.value;
  if (now === null) return null;
  const way = say(now.direction === "in" ? GATE.in : GATE.out);
  const turn = (): void => {
    shown.value = null;
    choose({ ...now, direction: now.direction === "in" ? "out" : "in" });
  };
  return (
    <p class="place">
      {serviceWords(now.service)}
      {now.mode === "kiosk" ? ` · ${way}` : <button type="button" onClick={turn} aria-label={`${say(GATE.direction)}: ${way}`}>{way} ⇄</button>}
    </p>
  );
}

function GateStatus() {
  const now = settings.value;
  return (
    <Status
      close={toDoor}
      ended={forget}
      facts={
        now === null ? null : (
          <>
            <Fact label={GATE.mode}>{say(now.mode === "kiosk" ? GATE.kiosk : GATE.staffed)}</Fact>
            <Fact label={GATE.service}>{serviceWords(now.service)} · {say(now.direction === "in" ? GATE.in : GATE.out)}</Fact>
          </>
        )
      }
      acts={
        <>
          <button type="button" onClick={() => (sheet.value = "test")}>{say(GATE.test)}</button>
          <button type="button" onClick={() => (sheet.value = "choosing")}>{say(GATE.settings)}</button>
        </>
      }
    />
  );
}

/** Lights and sounds one after the other, judged by nobody and recorded nowhere. */
function Test() {
  const play = (answer: Answer): void => void wakeSound().then(() => sound(answer));
  return (
    <section class="sheet">
      <h2>{say(GATE.test)}</h2>
      <div class="tests">
        {(["allow", "attention", "deny"] as const).map((answer) => (
          <button key={answer} type="button" class={`lamp ${answer}`} onClick={() => play(answer)}>
            <VerdictShape answer={answer} /> {say(ANSWERS[answer])}
          </button>
        ))}
      </div>
      <button type="button" class="next" onClick={() => (sheet.value = "status")}>{say(WORDS.back)}</button>
    </section>
  );
}
