/** What was lost: the print, the chip, another phone, this one; each ends by itself, and the rest goes on. */
import { useEffect, useState } from "preact/hooks";
import type { Keeper } from "../keeper.ts";
import { date } from "../language.ts";
import { loseOther, phonesOf, type OfCard } from "../moving.ts";
import { Asked, Note, Title } from "../ui.tsx";
import { chosen } from "../wallet.ts";
import { say } from "../words/index.ts";
import { shortName, Switch } from "./card.tsx";

export function LostScreen() {
  const keeper = chosen.value;
  return (
    <>
      <Title back={["more"]}>{say("lost.screen")}</Title>
      <Switch />
      {keeper && <OfOne key={keeper.id} keeper={keeper} />}
    </>
  );
}

function OfOne({ keeper }: { readonly keeper: Keeper }) {
  const { card } = keeper.kept.value;
  return (
    <>
      <section class="panel">
        <h2><bdi>{shortName(keeper.kept.value)}</bdi></h2>
        {card?.print_lost && <Note tone="attention">{say("lostDone")}</Note>}
        {card && !card.print_lost && (
          <>
            <Asked name="lost" question="lostAsk" act={() => keeper.reportLost("print")} />
            <Asked name="lostChip" question="lostChipAsk" act={() => keeper.reportLost("chip")} />
          </>
        )}
      </section>
      <Phones keeper={keeper} />
    </>
  );
}

/** The card's other phones; without a network nothing is said of them. */
function Phones({ keeper }: { readonly keeper: Keeper }) {
  const [phones, setPhones] = useState<readonly OfCard[]>([]);
  const learn = (): Promise<void> => phonesOf(keeper).then((all) => setPhones(all.filter((one) => one.state === "active")), () => undefined);
  useEffect(() => void learn(), [keeper.id]);
  if (phones.length < 2) return null;
  const lose = async (phone: string): Promise<void> => {
    await loseOther(keeper, phone);
    await learn();
  };
  return (
    <section class="panel">
      <h2>{say("lost.phones")}</h2>
      {phones.map((one) => (
        <div key={one.id} class="field">
          <p class="fingerprint plain" dir="ltr">{one.fingerprint}</p>
          <p class="mute">{one.this ? say("lost.this") : say("lost.since", { d: date(one.since.slice(0, 10)) })}</p>
          {!one.this && <Asked name="lost.other" question="lost.otherAsk" act={() => lose(one.id)} />}
        </div>
      ))}
    </section>
  );
}
