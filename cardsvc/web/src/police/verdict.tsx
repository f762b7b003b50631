/** A verdict: word and shape first, then the face, then what is on the card. */
import type { Verdict, WholeView } from "../reader/verdict.ts";
import { countryName } from "../shared/countries.ts";
import { VerdictShape } from "../shared/ui/shape.tsx";
import { AskButton, AskHint, OnLine } from "./details.tsx";
import { forgetDetails } from "./memory.ts";
import { Both, Fact, Names } from "./parts.tsx";
import { OWN_NAMES, PHRASES, RIGHT_TO_LEFT, holderLanguage, topicFor } from "./phrases.ts";
import { reasonWords } from "./reasons.ts";
import { sheet, shown } from "./state.ts";
import type { Shown } from "./state.ts";
import { ANSWERS, CLASSES, SHOWN, WORDS, clock, language, other, otherLanguage, say } from "./words.ts";

export function VerdictScreen({ of }: { readonly of: Shown }) {
  const { verdict, at } = of;
  const view = verdict.view as WholeView | null;
  const next = (): void => {
    forgetDetails();
    shown.value = null;
  };
  return (
    <article class={`result ${verdict.verdict}`} data-reason={verdict.reason}>
      <Banner verdict={verdict} />
      <div class="scroll" role="region" tabIndex={0} aria-label={say(WORDS.card)}>
        {verdict.verdict === "allow" ? null : <ForTheHolder verdict={verdict} view={view} />}
        <OnLine of={of} />
        {view === null ? null : <Holder verdict={verdict} view={view} at={at} />}
        <AskHint of={of} />
      </div>
      <footer class="foot">
        <button type="button" onClick={() => (sheet.value = "phrases")}>
          {say(WORDS.phrases)}
        </button>
        <AskButton of={of} />
        <button type="button" class="next" autofocus onClick={next}>
          <b>
            <Both of={WORDS.next} />
          </b>
        </button>
      </footer>
    </article>
  );
}

function Banner({ verdict }: { readonly verdict: Verdict }) {
  const words = ANSWERS[verdict.verdict];
  return (
    <div class="banner" role="alert">
      <VerdictShape answer={verdict.verdict} />
      <div>
        <h2>
          {say(words)} <span lang={otherLanguage()}>{other(words)}</span>
        </h2>
        <p>{say(reasonWords(verdict.reason))}</p>
      </div>
    </div>
  );
}

const FORMATS: Readonly<Record<number, string>> = { 1: "jpeg", 3: "avif", 4: "webp" };

interface HolderProps {
  readonly verdict: Verdict;
  readonly view: WholeView;
  /** When it was judged: the age of the data is as of then. */
  readonly at: number;
}

function Holder({ verdict, view, at }: HolderProps) {
  const spoken = language.value;
  const country = (code: string): string => `${countryName(code, spoken)} ${countryName(code, spoken === "zh" ? "en" : "zh")}`;
  return (
    <section class="holder">
      <Names of={view} />
      <Face view={view} />
      <dl>
        {view.nationality ? (
          <Fact label={WORDS.nationality}>
            {country(view.nationality)} <small>{view.nationality}</small>
          </Fact>
        ) : null}
        {view.birth ? (
          <Fact label={WORDS.birth}>
            {view.birth} {view.sex ?? ""}
          </Fact>
        ) : null}
        {view.passport === undefined ? null : (
          <Fact label={WORDS.passport}>
            {view.passport} <small>{view.passport_country}</small>
          </Fact>
        )}
        <Fact label={WORDS.permit}>
          {view.permit_until ?? "–"} <small>{view.permit_until === null ? "" : say(WORDS.asPrinted)}</small>
          <small class="line">
            {say(WORDS.asOf)} {clock(at - verdict.data_age_s)}
          </small>
        </Fact>
        {/* A hit of the hotlist looks like any other fact: the holder sees the screen, too. */}
        <Fact label={WORDS.note} id="note">
          {say(view.hotlist ? WORDS.noteCall : view.hotlist === false ? WORDS.noteNone : WORDS.noteUnknown)}
        </Fact>
      </dl>
      <dl class="rest">
        <Fact label={WORDS.class}>{say(CLASSES[view.class] ?? [view.class, view.class])}</Fact>
        {verdict.valid_until === null ? null : <Fact label={WORDS.until}>{verdict.valid_until}</Fact>}
        <Fact label={WORDS.number}>
          {verdict.card?.replace(/(.{4})/g, "$1 ")} <small>#{view.print}</small>
        </Fact>
        {verdict.assurance === null ? null : <Fact label={WORDS.shown}>{say(SHOWN[verdict.assurance] ?? ["", ""])}</Fact>}
      </dl>
    </section>
  );
}

function Face({ view }: { readonly view: WholeView }) {
  const format = FORMATS[view.photo_format ?? 0];
  if (!view.photo || format === undefined) return <p class="no-face">{say(WORDS.noFace)}</p>;
  return (
    <figure>
      <img src={`data:image/${format};base64,${view.photo}`} alt={view.name ?? ""} width="48" height="64" />
      <figcaption>{say(WORDS.facePaper)}</figcaption>
    </figure>
  );
}

/** A sentence for the holder, in the holder's language where the card tells it. */
function ForTheHolder({ verdict, view }: { readonly verdict: Verdict; readonly view: WholeView | null }) {
  const spoken = holderLanguage(view?.language_native, view?.nationality);
  return (
    <aside class="for-holder">
      <h3>
        {say(WORDS.holderHelp)} · <span lang={spoken}>{OWN_NAMES[spoken]}</span>
      </h3>
      <p lang={spoken} dir={RIGHT_TO_LEFT.has(spoken) ? "rtl" : "ltr"}>
        {PHRASES[spoken][topicFor(verdict.reason)]}
      </p>
    </aside>
  );
}
