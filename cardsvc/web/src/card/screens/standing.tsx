/** A code for sellers: one word about its holder, and consent first. */
import { useEffect, useState } from "preact/hooks";
import type { Keeper, Standing } from "../keeper.ts";
import { link } from "../place.ts";
import { Refusal, Unreachable } from "../service.ts";
import { DAYS, STANDING, agree, freshStanding, keptStanding, standingOf } from "../standing.ts";
import { Note, Title, useTask, Wrong } from "../ui.tsx";
import { chosen } from "../wallet.ts";
import { say, told, type Key } from "../words/index.ts";
import { LiveCode } from "./livecode.tsx";

const CONSENT = [STANDING];
const AGREE: Readonly<Record<(typeof DAYS)[number], Key>> = { 1: "standing.for1", 30: "standing.for30", 365: "standing.for365" };

export function StandingScreen() {
  const keeper = chosen.value;
  return (
    <>
      <Title back={["more"]}>{say("standing.title")}</Title>
      {keeper === null ? <Note tone="attention">{say("standing.not")}</Note> : <OfCard key={keeper.id} keeper={keeper} />}
    </>
  );
}

type Found = "asking" | "agree" | "not" | "offline" | "failed" | Standing;

function OfCard({ keeper }: { readonly keeper: Keeper }) {
  const [found, setFound] = useState<Found>("asking");
  const ask = async (): Promise<void> => setFound(await standing(keeper));
  useEffect(() => void ask(), [keeper]);
  if (found === "asking") return null;
  if (found === "agree") return <Agree keeper={keeper} agreed={ask} />;
  if (found === "failed") return <Note tone="deny" aloud>{say("show.none")}</Note>;
  if (found === "not" || found === "offline") return <Note tone="attention" aloud>{say(`standing.${found}`)}</Note>;
  return (
    <>
      <section class="face">
        <LiveCode keys={found.keys} token={found.token} consent={CONSENT} />
        <p class="state" role="status">{say("standing.sees", { s: told("standing", standingOf(found.token)) })}</p>
      </section>
      <p class="hint">{say("standing.why")}</p>
      <a class="row" href={link("consents")}>{say("consents.title")}</a>
    </>
  );
}

/** A fresh token; without a network the last one, for the rest of its day. */
async function standing(keeper: Keeper): Promise<Found> {
  try {
    return await freshStanding(keeper);
  } catch (error) {
    const kept = keptStanding(keeper);
    if (error instanceof Unreachable) return kept ?? "offline";
    if (!(error instanceof Refusal)) {
      console.error(error); // A key that no longer signs, or a phone without room.
      return kept ?? "failed";
    }
    if (error.reason === "consent_needed") return "agree";
    return error.reason === "too_often" && kept !== null ? kept : "not";
  }
}

function Agree({ keeper, agreed }: { readonly keeper: Keeper; readonly agreed: () => Promise<void> }) {
  const task = useTask({ refused: "standing.not" });
  return (
    <section class="panel">
      <p>{say("standing.why")}</p>
      <h2>{say("standing.agree")}</h2>
      <Wrong of={task.wrong} />
      {DAYS.map((days) => (
        <button
          key={days}
          type="button"
          class="row"
          disabled={task.busy}
          onClick={() => void task.run(() => agree(keeper, days)).then((done) => (done ? agreed() : undefined))}
        >
          {say(AGREE[days])}
        </button>
      ))}
      <p class="hint">{say("consents.kept")}</p>
    </section>
  );
}
