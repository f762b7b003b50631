/** Apply for a card from home: who, when, and off to the desk. */
import { useEffect } from "preact/hooks";
import {
  applicants, askAll, begin, desks, isOpen, learnDesks, nameOf, sendAll, unsent, wish, wishFor, type Applicant, type Wish,
} from "../applying.ts"; // prettier-ignore
import { dayIn } from "../days.ts";
import { go, link } from "../place.ts";
import { Note, Title, useTask, Wrong, type Tone } from "../ui.tsx";
import { say, type Key } from "../words/index.ts";

/** `too_often` is said of a minute, of a day, and of all people together. */
export const SENDING = {
  refused: "wrong.refused", too_often: "wrong.later", bad_wish: "wrong.wish", portrait_format: "portrait.unusable", portrait_too_large: "portrait.unusable",
  portrait_too_small: "portrait.unusable", portrait_unreadable: "portrait.unusable", portrait_crop: "portrait.unusable",
} as const; // prettier-ignore
/** The service takes no wish for later than this. */
const AHEAD_DAYS = 60;

export function ApplyScreen() {
  const open = applicants.value.filter(isOpen);
  const task = useTask(SENDING);
  useEffect(() => void askAll(), []);
  const send = async (): Promise<void> => {
    if (await task.run(sendAll)) scrollTo(0, 0);
  };
  const add = (): Promise<void> => begin().then((one) => go("apply", one.id));
  return (
    <>
      <Title back={["card"]}>{say("apply")}</Title>
      {applicants.value.length === 0 && <p>{say("apply.intro")}</p>}
      <Applications />
      <button type="button" class={open.length === 0 ? "first" : ""} onClick={() => void add()}>{say(open.length === 0 ? "apply.begin" : "apply.add")}</button>
      {open.length > 0 && <WishFields />}
      <Wrong of={task.wrong} />
      {open.some(unsent) && (
        <button type="button" class="first" disabled={task.busy} onClick={() => void send()}>
          {say(open.every((one) => one.told === null) ? "apply.send" : "apply.again")}
        </button>
      )}
      <p class="hint">{say("apply.kept")}</p>
    </>
  );
}

/** Everybody's applications, one touch each. */
export function Applications() {
  return (
    <>
      {applicants.value.map((one) => (
        <a key={one.id} class="row" href={one.told === null ? link("apply", one.id) : link("apply", one.id, "state")}>
          <span>
            <bdi>{nameOf(one.fields) || one.name || say("apply.nameless")}</bdi>
            <small>{say(stageOf(one))}</small>
          </span>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="m9.5 5 7 7-7 7" /></svg>
        </a>
      ))}
    </>
  );
}

/** How far one is, in words. */
export function stageOf(one: Applicant): Key {
  if (one.forgotten) return "became.forgotten";
  return one.told === null || unsent(one) ? "apply.unsent" : `became.${one.told.state}`;
}

export function toneOf(one: Applicant): Tone {
  if (one.forgotten || one.told?.state === "refused") return "attention";
  return one.told?.state === "issued" ? "good" : "quiet";
}

/** What somebody with an issued card is told on every screen that opens first. */
export function Ready() {
  const ready = applicants.value.filter((one) => one.told?.state === "issued");
  if (ready.length === 0) return null;
  return (
    <Note tone="good" aloud>
      {ready.map((one) => <a key={one.id} href={link("apply", one.id, "state")}><bdi>{one.name}</bdi> · {say("became.issued")}</a>)}
    </Note>
  );
}

/** A desk with half a day, or no wish. */
function WishFields() {
  const { office, day, half } = wish.value ?? { office: "", day: "", half: "am" as const };
  useEffect(() => void learnDesks().catch(() => undefined), []);
  const change = (next: Partial<Wish>): void => {
    const wished = { office, day, half, ...next };
    void wishFor(wished.office === "" ? null : { ...wished, day: wished.day || dayIn(1) });
  };
  // Without a network the desk that was chosen before is still there.
  const offered = desks.value.some((one) => one.id === office) || office === "" ? desks.value : [...desks.value, { id: office, name: office }];
  return (
    <fieldset class="panel">
      <legend>{say("apply.wish")}</legend>
      <label for="wish-desk">{say("apply.desk")}</label>
      <select id="wish-desk" value={office} onChange={(event) => change({ office: event.currentTarget.value })}>
        <option value="">{say("apply.anyday")}</option>
        {offered.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
      </select>
      {office !== "" && (
        <>
          <label for="wish-day">{say("apply.day")}</label>
          <input id="wish-day" type="date" value={day} min={dayIn(0)} max={dayIn(AHEAD_DAYS)} onChange={(event) => change({ day: event.currentTarget.value })} />
          <div class="pair" role="radiogroup" aria-label={say("apply.wish")}>
            {(["am", "pm"] as const).map((one) => (
              <label key={one} class="tick">
                <input type="radio" name="half" checked={half === one} onChange={() => change({ half: one })} />
                {say(`half.${one}`)}
              </label>
            ))}
          </div>
        </>
      )}
    </fieldset>
  );
}
