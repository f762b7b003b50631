/** What the holder agreed to: what is shown, to whom, until when; and the way to take it back. */
import { useEffect, useState } from "preact/hooks";
import type { Keeper } from "../keeper.ts";
import { instant } from "../language.ts";
import { link } from "../place.ts";
import { now } from "../service.ts";
import { consents, takeBack, type Consent } from "../standing.ts";
import { Asked, Title, useTask, Wrong } from "../ui.tsx";
import { chosen } from "../wallet.ts";
import { say } from "../words/index.ts";

export function ConsentsScreen() {
  const keeper = chosen.value;
  return (
    <>
      <Title back={["more"]}>{say("consents.title")}</Title>
      {keeper && <OfCard key={keeper.id} keeper={keeper} />}
    </>
  );
}

const seconds = (iso: string): number => Date.parse(iso) / 1000;
const holds = ({ until, ended }: Consent): boolean => ended === null && now() < seconds(until);

function OfCard({ keeper }: { readonly keeper: Keeper }) {
  const [all, setAll] = useState<readonly Consent[] | null>(null);
  const task = useTask({ refused: "standing.not" });
  useEffect(() => void task.run(async () => setAll(await consents(keeper))), [keeper]);
  if (all === null) return <Wrong of={task.wrong} />;
  const [held, past] = [all.filter(holds), all.filter((one) => !holds(one))];
  return (
    <>
      {held.length === 0 && <p class="panel">{say("consents.none")}</p>}
      {held.map((one) => (
        <section class="panel" key={one.given}>
          <h2>{say("consents.standing")}</h2>
          <p>{say("consents.until", { d: instant(seconds(one.until)) })}</p>
          <p class="hint">{say("consents.since", { d: instant(seconds(one.given)) })}</p>
          <Asked name="consents.end" question="consents.endAsk" act={async () => setAll(await takeBack(keeper))} />
        </section>
      ))}
      {held.length === 0 && <a class="row" href={link("standing")}>{say("standing.title")}</a>}
      <p class="hint">{say("consents.kept")}</p>
      {past.length > 0 && (
        <section class="panel">
          {past.map((one) => (
            <p class="hint" key={one.given}>
              {say("consents.standing")}
              <br />
              {say("consents.since", { d: instant(seconds(one.given)) })} ·{" "}
              {say("consents.ended", { d: instant(Math.min(seconds(one.until), seconds(one.ended ?? one.until))) })}
            </p>
          ))}
        </section>
      )}
    </>
  );
}
