/** A verdict as everybody sees it: shape and word, what the holder reads, and what the staff may do. */
import { useEffect, useRef, useState } from "preact/hooks";
import { light } from "../device/gate.ts";
import type { Shown } from "../device/gate.ts";
import { device } from "../device/ui/page.ts";
import { ANSWERS, WORDS, age, filled, other, say, sayOther } from "../device/ui/words.ts";
import type { WholeView } from "../reader/verdict.ts";
import { VerdictShape } from "../shared/ui/shape.tsx";
import { told } from "./holder.ts";
import type { Settings } from "./settings.ts";
import { GATE, reasonWords } from "./words.ts";

interface LightProps {
  readonly shown: Shown;
  readonly settings: Settings;
  readonly next: () => void;
}

export function Light({ shown, settings, next }: LightProps) {
  const { verdict, direction } = shown;
  const answer = light(shown);
  const words = ANSWERS[answer];
  const staffed = settings.mode === "staffed";
  return (
    <article class={`light ${answer}`} data-reason={verdict.reason} data-direction={direction}>
      <div class="lamp" role="alert">
        <VerdictShape answer={answer} />
        <h2>
          {say(words)} <span lang={other()}>{sayOther(words)}</span>
        </h2>
        {staffed ? <p class="why">{say(reasonWords(verdict.reason))}</p> : null}
        <Holder shown={shown} />
        <p class="of">
          {say(GATE.held)} {filled(WORDS.ago, age(verdict.data_age_s))}
          {verdict.valid_until === null ? null : ` · ${say(GATE.until)} ${verdict.valid_until}`}
        </p>
      </div>
      {staffed ? <Staff shown={shown} next={next} /> : null}
    </article>
  );
}

/** The sentence for the holder: in the holder's own language first, where the code says which that is. */
function Holder({ shown }: { readonly shown: Shown }) {
  const { verdict, direction } = shown;
  const reason = direction === "out" ? "leaving" : light(shown) === "allow" ? "ok" : verdict.reason;
  return (
    <div class="for-holder">
      {told(reason, verdict.language).map(({ language, text, rightToLeft }) => (
        <p key={language} lang={language === "zh" ? "zh-CN" : language} dir={rightToLeft ? "rtl" : "ltr"}>{text}</p>
      ))}
    </div>
  );
}

const FORMATS: Readonly<Record<number, string>> = { 1: "jpeg", 3: "avif", 4: "webp" };

function Staff({ shown, next }: { readonly shown: Shown; readonly next: () => void }) {
  const { verdict, direction } = shown;
  const view = verdict.view as WholeView | null;
  const inwards = direction === "in";
  const good = inwards && light(shown) === "allow";
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus({ preventScroll: true }), []);
  return (
    <div class="staff">
      {good && view?.photo ? (
        <figure>
          <img src={`data:image/${FORMATS[view.photo_format ?? 0] ?? "webp"};base64,${view.photo}`} alt="" />
          <figcaption>{say(GATE.compareFace)}</figcaption>
        </figure>
      ) : good && (verdict.assurance === "print" || verdict.assurance === "chip") ? (
        <p class="compare">{say(GATE.compareCard)}</p>
      ) : null}
      {good && view?.name ? (
        <p class="name">
          <bdi lang="en">{view.name}</bdi>
          {view.name_native && view.name_native !== view.name ? <bdi dir="auto">{view.name_native}</bdi> : null}
          {view.name_chinese ? <bdi lang="zh-CN">{view.name_chinese}</bdi> : null}
        </p>
      ) : null}
      {inwards && light(shown) === "attention" ? <ByHand shown={shown} next={next} /> : null}
      <button type="button" class="next" ref={first} onClick={next}>
        {say(GATE.next)} · <span lang={other()}>{sayOther(GATE.next)}</span>
      </button>
    </div>
  );
}

/** How long it is said that somebody was let in by hand. */
const SAID_MS = 1_500;

/** Nobody could check it, so somebody decides: that is recorded before anybody goes in. */
function ByHand({ shown, next }: { readonly shown: Shown; readonly next: () => void }) {
  const [state, setState] = useState<"asked" | "busy" | "done" | "failed">("asked");
  // A second touch must not be answered: it is recorded once, and the first one's answer is the true one.
  const admit = async (): Promise<void> => {
    setState("busy");
    setState((await device.value?.admit(shown)) === true ? "done" : "failed");
  };
  // Whoever comes next ends this one: their own verdict is not closed by it.
  useEffect(() => {
    if (state !== "done") return;
    const timer = setTimeout(next, SAID_MS);
    return () => clearTimeout(timer);
  }, [state]);
  if (state === "done") return <p class="well" role="status">{say(GATE.byHand)}</p>;
  return (
    <div class="by-hand">
      <p role={state === "failed" ? "alert" : undefined}>{say(state === "failed" ? GATE.notRecorded : GATE.letInWhy)}</p>
      {state !== "failed" ? <button type="button" disabled={state === "busy"} onClick={() => void admit()}>{say(GATE.letIn)}</button> : null}
    </div>
  );
}
