/** Everything that is not needed at a door: what can be done about a card, and other cards. */
import type { Keeper } from "../keeper.ts";
import { link } from "../place.ts";
import { Asked, Title } from "../ui.tsx";
import { choose, chosen, keepers } from "../wallet.ts";
import { say } from "../words/index.ts";
import { shortName } from "./card.tsx";

/** What can be done about a card that this phone carries. */
const ROWS = [["looks", "looks"], ["give", "move.give"], ["paper", "paper"], ["lost", "lost.screen"]] as const;

export function MoreScreen() {
  const keeper = chosen.value;
  return (
    <>
      <Title>{say("nav.more")}</Title>
      {keeper && <ThisCard key={keeper.id} keeper={keeper} />}
      <section class="panel">
        <h2>{say("more.cards")}</h2>
        {keepers.value.map((one) => (
          <a key={one.id} class="row" href={link("card")} aria-current={one === keeper} onClick={() => void choose(one)}>
            <bdi>{shortName(one.kept.value)}</bdi>
          </a>
        ))}
        <a class="row" href={link("add")}>{say("add.another")}</a>
        <a class="row" href={link("apply")}>{say("apply")}</a>
      </section>
    </>
  );
}

function ThisCard({ keeper }: { readonly keeper: Keeper }) {
  const { token } = keeper.kept.value;
  return (
    <section class="panel">
      <h2><bdi>{shortName(keeper.kept.value)}</bdi></h2>
      <a class="row" href={link("standing")}>{say("standing.title")}</a>
      <a class="row" href={link("consents")}>{say("consents.title")}</a>
      {token !== null && ROWS.map(([name, words]) => <a key={name} class="row" href={link(name)}>{say(words)}</a>)}
      <a class="row" href={link("door")}>{say("door")}</a>
      <Asked name="remove" question="removeAsk" act={() => keeper.remove()} />
    </section>
  );
}
