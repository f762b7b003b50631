/** A card comes onto this phone: with a code from the desk. */
import { useState } from "preact/hooks";
import { goInstead, link } from "../place.ts";
import { Title, useTask, Wrong } from "../ui.tsx";
import { enrol, keepers } from "../wallet.ts";
import { say } from "../words/index.ts";

export function AddScreen({ code }: { readonly code: string }) {
  return (
    <>
      <Title back={["card"]}>{say(keepers.value.length > 0 ? "add.another" : "add")}</Title>
      <Enrol code={code} />
      <Ways />
    </>
  );
}

/** What else brings a card here. */
export function Ways() {
  return (
    <nav class="panel" aria-label={say("ways")}>
      <h2>{say("ways")}</h2>
      <a class="row" href={link("apply")}><span>{say("apply")}<small>{say("apply.intro")}</small></span></a>
      <a class="row" href={link("take")}><span>{say("move.take")}<small>{say("move.take.hint")}</small></span></a>
      <a class="row" href={link("recover")}><span>{say("recover")}<small>{say("recover.intro")}</small></span></a>
    </nav>
  );
}

/** A code however it was typed: capitals, four and four. */
export function spelled(text: string): string {
  const letters = text.toUpperCase().replace(/[^0-9A-Z]/g, "");
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

/** The desk's address carries the code behind the number sign, which no server ever sees. */
export function Enrol({ code: given }: { readonly code: string }) {
  const [code, setCode] = useState(given);
  const task = useTask({ refused: "wrong.code" });
  const bring = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await task.run(() => enrol(spelled(code)))) goInstead("card");
  };
  return (
    <form class="panel" onSubmit={(event) => void bring(event)}>
      <p>{say("intro")}</p>
      <label for="code">{say("code")}</label>
      <input
        id="code"
        class="onetime"
        dir="ltr"
        value={code}
        onInput={(event) => setCode(event.currentTarget.value)}
        autocomplete="one-time-code"
        autocapitalize="characters"
        spellcheck={false}
        required
        maxLength={20}
      />
      <Wrong of={task.wrong} />
      <button class="first" disabled={task.busy}>{say("add")}</button>
      <p class="hint">{say("add.child")}</p>
    </form>
  );
}
