/** From phone to phone: the new one shows a code, the old one signs for it. */
import { useState } from "preact/hooks";
import { anyQr } from "../../shared/qr.ts";
import { QrPicture } from "../../shared/ui/qrpicture.tsx";
import type { Keeper } from "../keeper.ts";
import { instant } from "../language.ts";
import { give, offer, offerAgain, whom, type Other } from "../moving.ts";
import { goInstead } from "../place.ts";
import { now } from "../service.ts";
import { Note, Title, useTask, Wrong } from "../ui.tsx";
import { chosen } from "../wallet.ts";
import { say } from "../words/index.ts";
import { spelled } from "./add.tsx";
import { Switch } from "./card.tsx";

export function TakeScreen() {
  const task = useTask({ refused: "wrong.refused" });
  const begin = async (): Promise<void> => {
    if (await task.run(offer)) goInstead("card");
  };
  return (
    <>
      <Title back={["add"]}>{say("move.take")}</Title>
      <p>{say("move.take.hint")}</p>
      <Wrong of={task.wrong} />
      <button type="button" class="first" disabled={task.busy} onClick={() => void begin()}>{say("move.begin")}</button>
    </>
  );
}

/** On the new phone: the code, its picture and the digits, until the old one has signed. */
export function Offered({ keeper }: { readonly keeper: Keeper }) {
  const { offer: made, fingerprint } = keeper.kept.value;
  const task = useTask({ refused: "wrong.refused" });
  const expires = made === null ? 0 : Date.parse(made.expires) / 1000;
  const good = made !== null && now() < expires;
  return (
    <section class="panel show" role="status">
      <h1>{say("move.offered")}</h1>
      {good && (
        <>
          <div class="code small"><QrPicture modules={anyQr(made.url)} label={say("move.begin")} /></div>
          <p class="reference" dir="ltr">{made.code}</p>
          <p>{say("move.how")}</p>
          <p class="fingerprint plain" dir="ltr">{fingerprint}</p>
          <p>{say("move.same")}</p>
          <p class="hint">{say("move.until", { t: instant(expires) })}</p>
        </>
      )}
      <Wrong of={task.wrong} />
      {!good && <button type="button" class="first" disabled={task.busy} onClick={() => void task.run(() => offerAgain(keeper))}>{say("move.again")}</button>}
      <button type="button" onClick={() => void keeper.drop()}>{say("move.cancel")}</button>
    </section>
  );
}

const GIVING = { refused: "wrong.moved", bad_code: "wrong.move" } as const;

/** On the old phone: whose digits it signs for, and then the card is gone from it. */
export function GiveScreen({ code: given }: { readonly code: string }) {
  const [code, setCode] = useState(given);
  const [other, setOther] = useState<Other | null>(null);
  const [done, setDone] = useState(false);
  const task = useTask(GIVING);
  const keeper = chosen.value;
  const title = <Title back={["more"]}>{say("move.give")}</Title>;
  if (done) return <>{title}<Note tone="good" aloud>{say("move.done")}</Note></>;
  if (keeper === null || keeper.kept.value.token === null) return <>{title}<Note tone="attention">{say("move.none")}</Note></>;
  const ask = async (event: Event): Promise<void> => {
    event.preventDefault();
    await task.run(async () => setOther(await whom(keeper, spelled(code))));
  };
  const move = async (to: Other): Promise<void> => {
    if (await task.run(() => give(keeper, spelled(code), to))) setDone(true);
  };
  return (
    <>
      {title}
      <Switch />
      {other === null ? (
        <form class="panel" onSubmit={(event) => void ask(event)}>
          <label for="code">{say("move.code")}</label>
          <input id="code" class="onetime" dir="ltr" value={code} onInput={(event) => setCode(event.currentTarget.value)} autocomplete="one-time-code" autocapitalize="characters" spellcheck={false} required maxLength={20} />
          <Wrong of={task.wrong} />
          <button class="first" disabled={task.busy}>{say("move.look")}</button>
        </form>
      ) : (
        <section class="panel" role="group" aria-label={say("move.compare")}>
          <h2>{say("move.compare")}</h2>
          <p class="fingerprint plain" dir="ltr">{other.fingerprint}</p>
          <Wrong of={task.wrong} />
          <div class="pair">
            <button type="button" class="first" disabled={task.busy} onClick={() => void move(other)}>{say("move.yes")}</button>
            <button type="button" onClick={() => setOther(null)}>{say("no")}</button>
          </div>
        </section>
      )}
    </>
  );
}
