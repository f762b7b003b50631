/** The card on the screen: whose, its code, what it opens and until when, and how it stands. */
import { dayOf, daysUntil } from "../days.ts";
import { ago, away, date, instant } from "../language.ts";
import type { Keeper, Kept, Notice, Shown } from "../keeper.ts";
import { stopRecovery } from "../moving.ts";
import { go } from "../place.ts";
import { now, online } from "../service.ts";
import { Asked, CardNumber, Note, useTick } from "../ui.tsx";
import { choose, chosen, keepers } from "../wallet.ts";
import { say, told } from "../words/index.ts";
import { Enrol, Ways } from "./add.tsx";
import { Applications, Ready } from "./apply.tsx";
import { LiveCode } from "./livecode.tsx";
import { Offered } from "./moving.tsx";

/** How old the data is changes by the minute; that a token ran out is seen within half of one. */
const LOOK_AGAIN_MS = 20_000;
/** A day this far away needs no counting of days. */
const NEAR_DAYS = 60;
/** Time enough for the next permit. */
const PERMIT_DAYS = 30;

export function CardScreen() {
  useTick(LOOK_AGAIN_MS);
  const keeper = chosen.value;
  if (keeper === null) return <Start />;
  return (
    <>
      <Ready />
      <Switch />
      <OneCard key={keeper.id} keeper={keeper} />
    </>
  );
}

/** No card yet: what is on its way, and how one comes here. */
function Start() {
  return (
    <>
      <Ready />
      <Applications />
      <Enrol code="" />
      <Ways />
    </>
  );
}

/** Whose card: one's own and those of children, one touch apart. */
export function Switch() {
  if (keepers.value.length < 2) return null;
  return (
    <div class="switch" role="group" aria-label={say("more.cards")}>
      {keepers.value.map((one) => (
        <button key={one.id} type="button" aria-pressed={one === chosen.value} onClick={() => void choose(one)}>
          <bdi>{shortName(one.kept.value)}</bdi>
        </button>
      ))}
    </div>
  );
}

/** What people call each other: the given names, else whatever there is. */
export function shortName({ card }: Kept): string {
  if (card === null) return say("card.waits");
  return card.name_native ?? card.name.split(", ")[1] ?? card.name;
}

function OneCard({ keeper }: { readonly keeper: Keeper }) {
  const kept = keeper.kept.value;
  const { card, token } = kept;
  const { state } = keeper;
  if (state === "offered") return <Offered keeper={keeper} />;
  if (state === "recovering") return <Recovering kept={kept} />;
  if (state === "waiting") return <Waiting digits={kept.fingerprint} />;
  const good = state === "valid" && token !== null;
  return (
    <>
      {kept.notices.map((notice) => <Warned key={notice.phone} keeper={keeper} notice={notice} />)}
      <section class={good ? "face" : "face stopped"}>
        {card && <Names card={card} />}
        {good ? <LiveCode keys={kept.keys} token={token} /> : <p class="state" role="status">{told("state", state)}</p>}
        {card && <Rights card={card} />}
      </section>
      {!online.value && kept.asked > 0 && (
        <Note tone="attention" aloud>
          {kept.exp > 0 && <p>{say("offline", { d: date(dayOf(kept.exp - 1)) })}</p>}
          <p>{say("asked", { ago: ago(now() - kept.asked) })}</p>
        </Note>
      )}
      {good && card && <Soon card={card} />}
      {card?.print_lost && <Note tone="attention">{say("lostDone")}</Note>}
      {state === "phone_over" && <button type="button" class="first" onClick={() => go("add")}>{say("add.another")}</button>}
    </>
  );
}

/** The card comes back by a code on paper, in a day. */
function Recovering({ kept: { fingerprint, ready } }: { readonly kept: Kept }) {
  return (
    <section class="face" role="status">
      <h1>{say("recovering")}</h1>
      {ready !== null && <p>{say("recovering.ready", { t: instant(ready) })}</p>}
      <p class="fingerprint" dir="ltr">{fingerprint}</p>
    </section>
  );
}

/** Somebody has the code on paper; every phone of the card can stop it. */
function Warned({ keeper, notice }: { readonly keeper: Keeper; readonly notice: Notice }) {
  return (
    <section class="panel warned">
      <Note tone="deny" aloud>{say("notice", { t: instant(notice.ready) })}</Note>
      <p class="fingerprint plain" dir="ltr">{notice.fingerprint}</p>
      <Asked name="notice.stop" question="notice.ask" act={() => stopRecovery(keeper, notice.phone)} />
    </section>
  );
}

/** What ends soon, with what to do about it. */
function Soon({ card: { permit_until, valid_until } }: { readonly card: Shown }) {
  const permit = permit_until === null ? Infinity : daysUntil(permit_until);
  const card = daysUntil(valid_until);
  return (
    <>
      {permit <= PERMIT_DAYS && <Note tone="attention">{say("soon.permit", { away: away(permit) })}</Note>}
      {card <= NEAR_DAYS && <Note tone="attention">{say("soon.card", { away: away(card) })}</Note>}
    </>
  );
}

function Waiting({ digits }: { readonly digits: string }) {
  return (
    <section class="face" role="status">
      <h1>{say("waiting")}</h1>
      <p>{say("compare")}</p>
      <p class="fingerprint" dir="ltr">{digits}</p>
    </section>
  );
}

function Names({ card }: { readonly card: Shown }) {
  return (
    <h1 class="names">
      {card.name_native && <span class="native"><bdi lang={native(card.language_native)}>{card.name_native}</bdi></span>}
      <span class="latin"><bdi lang="en">{card.name}</bdi></span>
      {card.name_chinese && <span><bdi lang="zh-CN">{card.name_chinese}</bdi></span>}
    </h1>
  );
}

function Rights({ card }: { readonly card: Shown }) {
  return (
    <div class="rights">
      <h2>{say("opens")}</h2>
      <ul>
        {card.services.map((one) => (
          <li key={one.service}>
            {told("service", one.service)}
            {one.until && <small>{say("until", { d: date(one.until) })}</small>}
          </li>
        ))}
      </ul>
      <dl>
        {card.permit_until && <Until words="permit" day={card.permit_until} />}
        <Until words="card" day={card.valid_until} />
      </dl>
      <CardNumber of={card.number} />
    </div>
  );
}

function Until({ words, day }: { readonly words: "permit" | "card"; readonly day: string }) {
  const left = daysUntil(day);
  return (
    <div>
      <dt>{say(words, { d: date(day) })}</dt>
      {left <= NEAR_DAYS && <dd>{away(left)}</dd>}
    </div>
  );
}

/** A language by its shortest code, as HTML wants it (BCP 47): `ara` is `ar`. */
const native = (code: string | null): string | undefined => (code === null ? undefined : Intl.getCanonicalLocales(code)[0]);
