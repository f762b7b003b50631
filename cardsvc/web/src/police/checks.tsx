/** The checks of this shift: no name, no face, no whole number. */
import { useEffect, useState } from "preact/hooks";
import type { Check } from "./history.ts";
import { Sheet } from "./parts.tsx";
import { phone } from "./phone.ts";
import { reasonWords } from "./reasons.ts";
import { history } from "./shift.ts";
import { ANSWERS, clock, say } from "./words.ts";
import { MORE } from "./words.shift.ts";

export function ChecksSheet() {
  const list = useList();
  return (
    <Sheet title={MORE.checks} name="checks">
      <p class="quiet">{say(MORE.checksWhy)}</p>
      <Sent />
      {list?.length === 0 ? <p>{say(MORE.noChecks)}</p> : null}
      <ol>
        {list?.map((one, place) => (
          <li key={list.length - place} class={one.answer}>
            <time dateTime={new Date(one.at * 1000).toISOString()}>{clock(one.at)}</time>
            <b>{say(ANSWERS[one.answer])}</b>
            <span>{one.last === "" ? "–" : `…${one.last}`}</span>
            <small>{say(reasonWords(one.reason))}</small>
          </li>
        ))}
      </ol>
    </Sheet>
  );
}

function useList(): readonly Check[] | null {
  const [listed, setListed] = useState<readonly Check[] | null>(null);
  useEffect(() => void history().then(setListed), []);
  return listed;
}

/** How much of the log has not reached the service yet. */
export function Sent() {
  const waiting = phone.value?.log.value?.waiting ?? 0;
  return (
    <p id="sent" role="status">
      {waiting === 0 ? say(MORE.allSent) : `${say(MORE.waiting)}: ${waiting}`}
    </p>
  );
}
