/** The data this phone judges by, and how it stands as a reader. */
import { useState } from "preact/hooks";
import { Sent } from "./checks.tsx";
import { Act, Both, Fact, Sheet, Told, task } from "./parts.tsx";
import { device, errands, letInAnew } from "./phone.ts";
import { reasonWords } from "./reasons.ts";
import { sheet } from "./state.ts";
import { WORDS, clock, say } from "./words.ts";
import { MORE } from "./words.shift.ts";

const work = task();

export function Data() {
  const { trust, enrolment, refusal, alarms } = device();
  const held = trust.value;
  const refused = refusal.value;
  return (
    <Sheet title={MORE.kept} name="data" back="none">
      <dl>
        {held === null ? null : (
          <Fact label={MORE.kept}>
            {held.issuer} · {held.venue} · {held.epoch}.{held.seq} <small class="line">{clock(held.iat)}</small>
          </Fact>
        )}
        <Fact label={MORE.device}>{enrolment.value?.reader ?? "–"}</Fact>
      </dl>
      <Sent />
      {refused === null ? null : (
        <p class="told">
          {say(MORE.lastError)}: {say(reasonWords(refused.reason))}
        </p>
      )}
      <Act of={work} words={WORDS.update} act={errands} />
      {alarms.value.includes("sync_fails") || alarms.value.includes("upload_fails") ? (
        <Anew />
      ) : null}
      <Told of={work} />
    </Sheet>
  );
}

/** Asked twice: what waits here goes with the keys. */
function Anew() {
  const [asked, setAsked] = useState(false);
  const waiting = device().log.value?.waiting ?? 0;
  const go = async (): Promise<void> => {
    await letInAnew();
    sheet.value = "none";
  };
  if (!asked) {
    return (
      <div class="compare">
        <p>{say(MORE.newLetInWhy)}</p>
        <button type="button" onClick={() => setAsked(true)}>
          <b>
            <Both of={MORE.newLetIn} />
          </b>
        </button>
      </div>
    );
  }
  return (
    <div class="compare" role="group" aria-label={say(MORE.newLetIn)}>
      <p>{say(MORE.newLetInAsk)}</p>
      <p>
        {say(MORE.newLetInLoses)} <b>{waiting}</b>
      </p>
      <Act of={work} words={MORE.newLetIn} act={go} />
      <button type="button" onClick={() => setAsked(false)}>
        {say(MORE.no)}
      </button>
    </div>
  );
}
