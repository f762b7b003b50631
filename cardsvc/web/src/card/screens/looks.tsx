/** Who looked at the card's data, as far as its holder is told by now; and what to do when a reader says no. */
import { useEffect, useState } from "preact/hooks";
import type { Keeper } from "../keeper.ts";
import { instant } from "../language.ts";
import { Title, useTask, Wrong } from "../ui.tsx";
import { chosen } from "../wallet.ts";
import { say, told } from "../words/index.ts";
import { Switch } from "./card.tsx";

interface Look {
  readonly at: string;
  readonly kind: "details" | "look_up" | "desk";
  readonly office: string;
  readonly purpose: string;
}

export function LooksScreen() {
  const keeper = chosen.value;
  return (
    <>
      <Title back={["more"]}>{say("looks")}</Title>
      <Switch />
      <p>{say("looks.hint")}</p>
      {keeper && <OfOne key={keeper.id} keeper={keeper} />}
    </>
  );
}

/** Nothing of it is kept on the phone: who holds it later learns nothing. */
function OfOne({ keeper }: { readonly keeper: Keeper }) {
  const [looks, setLooks] = useState<readonly Look[] | null>(null);
  const task = useTask({ refused: "wrong.refused" });
  useEffect(() => void task.run(async () => setLooks((await keeper.prove<{ looks: Look[] }>("looks", "looks")).looks)), [keeper.id]);
  return (
    <>
      <Wrong of={task.wrong} />
      {looks?.length === 0 && <p role="status">{say("looks.none")}</p>}
      {looks !== null && looks.length > 0 && (
        <ul class="looks" role="list">
          {looks.map((one) => (
            <li key={one.at + one.kind} class="panel">
              <strong>{told("look", one.kind)}</strong>
              <span>{told("purpose", one.purpose)} · <bdi>{one.office}</bdi></span>
              <time class="mute" dateTime={one.at}>{instant(Date.parse(one.at) / 1000)}</time>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

const ANSWERS = ["door.old", "door.right", "door.new", "door.read", "door.print"] as const;

export function DoorScreen() {
  return (
    <>
      <Title back={["more"]}>{say("door")}</Title>
      {ANSWERS.map((key) => <p key={key} class="panel">{say(key)}</p>)}
    </>
  );
}
