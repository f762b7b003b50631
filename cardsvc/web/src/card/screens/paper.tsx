/** A recovery code: written down while the phone is here, used when it is lost. */
import { useState } from "preact/hooks";
import { date } from "../language.ts";
import { keepPaper, recover } from "../moving.ts";
import { grouped, isPaper, newPaper, tidied } from "../paper.ts";
import { goInstead } from "../place.ts";
import { Note, Title, useTask, Wrong } from "../ui.tsx";
import { chosen } from "../wallet.ts";
import { say } from "../words/index.ts";

/** What is typed from the paper, so that it was really written. */
const ASKED_BACK = 4;

export function PaperScreen() {
  const [letters, setLetters] = useState("");
  const [typed, setTyped] = useState("");
  const [differs, setDiffers] = useState(false);
  const [done, setDone] = useState(false);
  const task = useTask({ refused: "wrong.refused" });
  const keeper = chosen.value;
  const had = keeper?.kept.value.paper ?? 0;
  const title = <Title back={["more"]}>{say("paper")}</Title>;
  if (keeper === null || keeper.kept.value.token === null) return <>{title}<Note tone="attention">{say("move.none")}</Note></>;
  if (done) return <>{title}<Note tone="good" aloud>{say("paper.done")}</Note></>;
  if (letters === "") {
    return (
      <>
        {title}
        <p>{say("paper.intro")}</p>
        {had > 0 && <Note tone="attention">{say("paper.had", { d: date(new Date(had * 1000).toISOString().slice(0, 10)) })}</Note>}
        <button type="button" class="first" onClick={() => setLetters(newPaper())}>{say("paper.make")}</button>
      </>
    );
  }
  const keep = async (event: Event): Promise<void> => {
    event.preventDefault();
    const right = tidied(typed) === letters.slice(-ASKED_BACK);
    setDiffers(!right);
    if (!right || !(await task.run(() => keepPaper(keeper, letters)))) return;
    setLetters("");
    setDone(true);
  };
  return (
    <>
      {title}
      <form class="panel" onSubmit={(event) => void keep(event)}>
        <p>{say("paper.write")}</p>
        <p class="written" dir="ltr">{grouped(letters).map((group) => <span key={group}>{group} </span>)}</p>
        <label for="back">{say("paper.check")}</label>
        <input id="back" class="onetime" dir="ltr" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} autocomplete="off" autocapitalize="characters" spellcheck={false} required maxLength={8} />
        {differs && <Note tone="attention" aloud>{say("paper.wrong")}</Note>}
        <Wrong of={task.wrong} />
        <button class="first" disabled={task.busy}>{say("paper.keep")}</button>
      </form>
    </>
  );
}

const RECOVERING = { refused: "wrong.recover" } as const;

export function RecoverScreen() {
  const [typed, setTyped] = useState("");
  const [stop, setStop] = useState(true);
  const [wrong, setWrong] = useState(false);
  const task = useTask(RECOVERING);
  const ask = async (event: Event): Promise<void> => {
    event.preventDefault();
    const letters = tidied(typed);
    setWrong(!isPaper(letters));
    if (isPaper(letters) && (await task.run(() => recover(letters, stop)))) goInstead("card");
  };
  return (
    <>
      <Title back={["add"]}>{say("recover")}</Title>
      <form class="panel" onSubmit={(event) => void ask(event)}>
        <p>{say("recover.intro")}</p>
        <label for="letters">{say("recover.code")}</label>
        <textarea id="letters" class="mrz great" dir="ltr" rows={3} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} autocomplete="off" autocapitalize="characters" spellcheck={false} required maxLength={60} />
        {wrong && <Note tone="attention" aloud>{say("recover.wrong")}</Note>}
        <label class="tick"><input type="checkbox" checked={stop} onChange={(event) => setStop(event.currentTarget.checked)} />{say("recover.stop")}</label>
        <Wrong of={task.wrong} />
        <button class="first" disabled={task.busy}>{say("recover.go")}</button>
      </form>
    </>
  );
}
