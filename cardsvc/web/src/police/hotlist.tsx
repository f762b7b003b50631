/** Who is looked for: read by one officer, changed by two. The holder is never told. */
import { useEffect, useState } from "preact/hooks";
import type { HotEntry, HotPage } from "../shared/api/police.ts";
import { hotlist, liftHot, placeHot } from "../shared/api/police.ts";
import { TextField, isoDay } from "../shared/ui/fields.tsx";
import { CardField, Why, digits, vouched } from "./lookup.tsx";
import { NO_CARD, hot, hotFor } from "./memory.ts";
import { Act, Fact, Sheet, Told, task, useSeen } from "./parts.tsx";
import type { Task } from "./parts.tsx";
import { current } from "./shift.ts";
import { asking, sheet } from "./state.ts";
import { lastDay, say } from "./words.ts";
import { MORE, PURPOSES } from "./words.shift.ts";

const work = task();

export function Hotlist() {
  // Of this visit alone: what comes once the sheet is left is kept nowhere.
  const [listed, setListed] = useState<HotPage | null>(null);
  const [here] = useState(task);
  const more = async (): Promise<void> => {
    const page = await asking(() => hotlist(listed?.next ?? null));
    setListed({ ...page, entries: [...(listed?.entries ?? []), ...page.entries] });
  };
  useEffect(() => void here.run(more), []);
  const add = (
    <button type="button" class="next" onClick={() => (sheet.value = "new-hot")}>
      {say(MORE.hotAdd)}
    </button>
  );
  return (
    <Sheet title={MORE.hotlist} name="hotlist" foot={add}>
      <p class="quiet">{say(MORE.hotWhy)}</p>
      <Told of={here} />
      {listed?.entries.length === 0 ? <p>{say(MORE.hotEmpty)}</p> : null}
      {listed?.entries.map((one) => (
        <Entry key={one.id} of={one} work={here} />
      ))}
      {listed !== null && listed.next !== null ? (
        <>
          <p class="quiet">{`${say(MORE.hotShown)} ${listed.entries.length} / ${listed.total}`}</p>
          <Act of={here} words={MORE.hotMore} act={more} plain />
        </>
      ) : null}
    </Sheet>
  );
}

function Entry({ of, work }: { readonly of: HotEntry; readonly work: Task }) {
  const seen = useSeen();
  const lift = async (): Promise<void> => {
    await asking(() => liftHot(of.id));
    if (seen.current) sheet.value = "requests";
  };
  return (
    <article class="request">
      <h4>{of.card.replace(/(.{4})/g, "$1 ")}</h4>
      <dl class="rest">
        <Fact label={MORE.purpose}>{say(PURPOSES[of.purpose] ?? [of.purpose, of.purpose])}</Fact>
        <Fact label={MORE.caseNumber}>{of.case_number}</Fact>
        <Fact label={MORE.placedBy}>
          {of.placed_by} <small>{of.office}</small>
        </Fact>
        <Fact label={MORE.hotUntil}>{lastDay(of.until)}</Fact>
      </dl>
      <Act of={work} words={MORE.hotLift} act={lift} plain />
    </article>
  );
}

export function NewHot() {
  const seen = useSeen();
  const ask = async (): Promise<void> => {
    const asked = (hot.value = { card: digits(hot.value.card), until: isoDay(hot.value.until) });
    await asking(() => placeHot({ ...vouched(hotFor), ...asked }));
    if (hot.value === asked) hot.value = NO_CARD; // Else another card is being typed by now.
    if (seen.current) sheet.value = "requests";
  };
  return (
    <Sheet title={MORE.hotAdd} name="form" back="hotlist" foot={<Act of={work} words={MORE.ask} act={ask} />}>
      <CardField value={hot.value.card} change={(card) => (hot.value = { ...hot.value, card })} />
      <TextField
        label={say(MORE.hotUntil)}
        hint={say(MORE.dayHint)}
        value={hot.value.until}
        change={(until) => (hot.value = { ...hot.value, until })}
        tidy={isoDay}
        input={{ inputMode: "numeric" }}
      />
      <Why of={hotFor} all={current().purposes} />
      <Told of={work} />
    </Sheet>
  );
}
