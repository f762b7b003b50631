/** The seller's page: scan a buyer's phone, read a standing. It learns no name, no number and no day. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Shown } from "../device/gate.ts";
import { Finder } from "../device/ui/finder.tsx";
import { broken, device, pageOf } from "../device/ui/page.ts";
import { Top } from "../device/ui/parts.tsx";
import { SetUp } from "../device/ui/setup.tsx";
import { Status } from "../device/ui/status.tsx";
import { ANSWERS, WORDS, age, filled, other, say, sayOther } from "../device/ui/words.ts";
import type { Standing, Verdict } from "../reader/verdict.ts";
import { VerdictShape } from "../shared/ui/shape.tsx";
import { MEANINGS, SELLER, STANDINGS, whyNot } from "./words.ts";

const shown = signal<Shown | null>(null);
const status = signal(false);
export const idle = (): boolean => device.value?.stage.value === "ready" && shown.value === null && !status.value;

/** A phone's code around a seller's token, or any other code: the market's reader asks for no service. */
async function present(text: string): Promise<void> {
  const found = (await device.value?.present({ code: text })) ?? null;
  shown.value = found?.again ?? found;
}

export function App() {
  return (
    <div class="reader">
      <Top title={SELLER.title} status={() => (status.value = true)} />
      <main>{broken.value === null ? <Main /> : <p class="sheet" role="alert">{say(WORDS.broken)}</p>}</main>
    </div>
  );
}

function Main() {
  const stage = device.value?.stage.value ?? "starting";
  const enrolled = device.value?.enrolment.value ?? null;
  if (stage === "starting") return null;
  if (enrolled !== null && pageOf(enrolled.profile) !== "/seller") {
    if (pageOf(enrolled.profile) === "/gate") location.replace("/gate");
    return <p class="sheet" role="alert">{say(SELLER.notHere)}</p>;
  }
  if (stage !== "ready") return <SetUp />;
  if (status.value) return <Status close={() => (status.value = false)} ended={() => (status.value = false)} />;
  return <Stall />;
}

function Stall() {
  useEffect(() => () => void (shown.value = null), []);
  const found = shown.value;
  if (found !== null) return <Result key={found} verdict={found.verdict} />;
  return (
    <div class="door staffed">
      <Finder facing="environment" hint={SELLER.aim} read={present} />
    </div>
  );
}

function Result({ verdict }: { readonly verdict: Verdict }) {
  const standing = verdict.verdict === "allow" ? (verdict.view as { readonly standing: Standing } | null)?.standing : undefined;
  const words = standing !== undefined ? STANDINGS[standing] : verdict.verdict === "deny" ? SELLER.refused : ANSWERS.attention;
  const meaning = standing === undefined ? whyNot(verdict.reason) : MEANINGS[standing];
  return (
    <article class={`light standing ${standing ?? verdict.verdict}`} data-reason={verdict.reason}>
      <div class="lamp" role="alert">
        {standing === undefined ? <VerdictShape answer={verdict.verdict} /> : <StandingShape of={standing} />}
        <h2>
          {say(words)} <span lang={other()}>{sayOther(words)}</span>
        </h2>
        <p class="why">{say(meaning)}</p>
        <p class="of">{say(WORDS.data)} {filled(WORDS.ago, age(verdict.data_age_s))}</p>
      </div>
      <div class="staff">
        <button type="button" class="next" autofocus onClick={() => (shown.value = null)}>
          {say(SELLER.next)} · <span lang={other()}>{sayOther(SELLER.next)}</span>
        </button>
      </div>
    </article>
  );
}

/** Each standing has a shape of its own, and unknown looks like nothing bad. */
function StandingShape({ of }: { readonly of: Standing }) {
  return (
    <svg class="shape" viewBox="0 0 64 64" aria-hidden="true">
      <circle cx="32" cy="32" r="27" stroke-dasharray={of === "unknown" ? "7 9" : undefined} />
      {of === "good" ? <path d="M19 33l9 9 17-19" /> : of === "limited" ? <path d="M32 17v15l10 8" /> : <path d="M22 32h.5M32 32h.5M42 32h.5" />}
    </svg>
  );
}
