/** One card: what it is, what it opens, what was done to it, and what can be done. */
import { useState } from "preact/hooks";
import * as api from "../shared/api/cards.ts";
import { instant, moment, t, told } from "../shared/i18n/index.ts";
import { SERVICES } from "../shared/choices.ts";
import { AreaField, SelectField, TextField, isNoDay, isoDay } from "../shared/ui/fields.tsx";
import { Badge, Button, CardNumber, Dialog, Failure, Names, Note, say, useLoad, useTask } from "../shared/ui/kit.tsx";
import { cardTone } from "./cards.tsx";
import { CardChips, TagField } from "./chips.tsx";
import { DayField } from "./dayfield.tsx";
import { CardPhones } from "./phones.tsx";
import { Country } from "./queue.tsx";
import { HistoryList } from "./review.tsx";
import { link, may, session } from "./state.ts";

export function CardScreen({ number }: { number: string }) {
  const { data, failure, reload } = useLoad(() => api.card(number), [number]);
  if (failure !== null) return <section class="panel"><Failure of={failure} again={reload} /></section>;
  if (!data) return <p class="mute">{t("state.loading")}</p>;
  return (
    <div class="case">
      <header class="casehead">
        <a href={link("cards")} class="back">← {t("nav.cards")}</a>
        <div class="line">
          <h1 tabIndex={-1}><Names of={data} /></h1>
          <Badge tone={cardTone(data.state)}>{told("cardstate", data.state) ?? data.state}</Badge>
          <CardNumber number={data.number} />
        </div>
      </header>
      <div class="pair review">
        <div class="form">
          <Facts card={data} />
          <Rights card={data} />
          <Holds card={data} />
          <Prints card={data} />
          <CardChips card={data} reload={reload} />
          <CardPhones number={data.number} living={data.state === "active" || data.state === "suspended"} />
          <section class="tile"><h2>{t("history.title")}</h2><HistoryList entries={data.history} /></section>
        </div>
        <aside class="side" aria-label={t("card.acts")}>
          {data.face && <section class="tile"><img class="face big" src={data.face} alt={t("portrait.alt")} /></section>}
          <ActsBox card={data} reload={reload} />
        </aside>
      </div>
    </div>
  );
}

function Facts({ card }: { card: api.CardPage }) {
  return (
    <section class="tile">
      <h2>{t("card.facts")}</h2>
      <dl class="facts">
        <div><dt>{t("field.nationality")}</dt><dd><Country code={card.nationality} /></dd></div>
        <div><dt>{t("field.birth")}</dt><dd>{card.birth}</dd></div>
        <div><dt>{t("field.passport")}</dt><dd>{card.passport}</dd></div>
        <div><dt>{t("field.class")}</dt><dd>{told("class", card.class) ?? card.class}</dd></div>
        <div><dt>{t("card.from")}</dt><dd>{card.valid_from}</dd></div>
        <div><dt>{t("cards.until")}</dt><dd>{card.valid_until}</dd></div>
        <div><dt>{t("field.permit_expiry")}</dt><dd>{card.permit_until ?? "—"}</dd></div>
        <div><dt>{t("staff.office")}</dt><dd><bdi>{card.office}</bdi></dd></div>
        {card.person_cards.filter((one) => one !== card.number).map((one) => (
          <div key={one}><dt>{t("card.other")}</dt><dd><a href={link("cards", one)}><CardNumber number={one} /></a></dd></div>
        ))}
      </dl>
    </section>
  );
}

function Rights({ card }: { card: api.CardPage }) {
  return (
    <section class="tile">
      <h2>{t("card.rights")}</h2>
      <p class="tags">
        {card.rights.map((right) => <span key={right.service} class="tag">{told("service", right.service) ?? right.service}{right.until && ` · ${right.until}`}{right.by === "list" && ` · ${t("card.bylist")}`}</span>)}
        {card.withdrawn.map((service) => <s key={service} class="tag warn">{told("service", service) ?? service}</s>)}
        {card.rights.length + card.withdrawn.length === 0 && t("card.norights")}
      </p>
    </section>
  );
}

function Holds({ card }: { card: api.CardPage }) {
  if (card.holds.length === 0) return null;
  return (
    <section class="tile">
      <h2>{t("card.holds")}</h2>
      <ul class="history">
        {card.holds.map((hold) => (
          <li key={hold.at}><time dateTime={hold.at}>{instant(hold.at)}</time><span>{hold.reason}{hold.lifted_at && ` — ${t("card.lifted", { when: moment(hold.lifted_at) })}`}</span><small>{hold.by}</small></li>
        ))}
      </ul>
    </section>
  );
}

function Prints({ card }: { card: api.CardPage }) {
  return (
    <section class="tile">
      <h2>{t("card.prints")}</h2>
      <table class="list small">
        <thead><tr><th scope="col">{t("card.print")}</th><th scope="col">{t("cards.state")}</th><th scope="col">{t("card.made")}</th></tr></thead>
        <tbody>{card.prints.map((print) => <tr key={print.print}><td>{print.print}</td><td>{told("cardstate", print.status) ?? print.status}</td><td>{instant(print.made_at)}</td></tr>)}</tbody>
      </table>
    </section>
  );
}

/** What this person may order here: a department its own services, a desk the card's life. */
function acts(card: api.CardPage): readonly api.ActKind[] {
  if (may("department")) return ["grant", "withdraw"];
  if (!may("clerk", "approver")) return [];
  const held = card.state === "suspended";
  return card.state === "revoked" || card.state === "expired" ? [] : [held ? "reinstate" : "suspend", "extend", "replace", "chip", "revoke"];
}

function ActsBox({ card, reload }: { card: api.CardPage; reload: () => void }) {
  const [open, setOpen] = useState<api.ActKind | null>(null);
  const possible = acts(card);
  const waiting = card.acts.filter((act) => act.state === "waiting");
  return (
    <section class="tile last">
      <h2>{t("card.acts")}</h2>
      {waiting.map((act) => <Note key={act.id} tone="attention">{t("card.waiting", { act: t(`do.${act.act}`), who: act.requested_by })}</Note>)}
      <div class="stack">
        {possible.map((act) => <Button key={act} kind={act === "revoke" ? "danger" : "plain"} onClick={() => setOpen(act)}>{t(`do.${act}`)}</Button>)}
        {possible.length === 0 && <p class="mute">{t("card.noacts")}</p>}
      </div>
      {open && <ActDialog card={card} act={open} close={() => setOpen(null)} done={reload} />}
    </section>
  );
}

interface ActProps {
  readonly card: api.CardPage;
  readonly act: api.ActKind;
  readonly close: () => void;
  readonly done: () => void;
}

function ActDialog({ card, act, close, done }: ActProps) {
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState("");
  const [service, setService] = useState("");
  const [chip, setChip] = useState("");
  const [tag, setTag] = useState<api.Tag>("ntag216");
  const task = useTask();
  const rights = act === "grant" || act === "withdraw";
  const mine = session.value?.staff.services ?? [];
  const choices = SERVICES.filter((name) => mine.includes(name)).map((value) => ({ value, words: t(`service.${value}`) }));
  const send = (event: Event) => {
    event.preventDefault();
    const day = isoDay(until);
    void task.run(async () => {
      const answer = await api.order(card.number, {
        act,
        reason: reason.trim(),
        ...(rights ? { service } : {}),
        ...(act === "chip" ? { chip: chip.trim(), tag } : {}),
        ...(act === "extend" ? { permit_until: day } : day ? { until: day } : {}),
      });
      say(t(answer.act_request ? "do.filed" : "do.done"));
      done();
      close();
    });
  };
  return (
    <Dialog title={t(`do.${act}`)} close={close}>
      <form onSubmit={send}>
        <p><Names of={card} small /> <CardNumber number={card.number} /></p>
        <Note tone={act === "revoke" ? "deny" : "quiet"}>{t(`do.${act}.words`)}</Note>
        {rights && <SelectField label={t("do.service")} value={service} change={setService} choices={[{ value: "", words: t("choose") }, ...choices]} select={{ required: true }} />}
        {(act === "extend" || act === "grant") && <DayField label={t(act === "extend" ? "do.permit" : "do.until")} value={until} change={setUntil} required={act === "extend"} />}
        {act === "chip" && <TextField label={t("chip.uid")} hint={t("chip.uid.hint")} value={chip} change={setChip} input={{ required: true, autocomplete: "off", spellcheck: false }} />}
        {act === "chip" && <TagField value={tag} change={setTag} />}
        <AreaField label={t("do.reason")} hint={t("do.reason.hint")} value={reason} change={setReason} area={{ required: true }} />
        {task.failure !== null && <Failure of={task.failure} />}
        <footer class="row">
          <Button onClick={close}>{t("act.cancel")}</Button>
          <Button kind={act === "revoke" ? "danger" : "primary"} type="submit" busy={task.busy} disabled={!reason.trim() || isNoDay(until)}>{t(`do.${act}`)}</Button>
        </footer>
      </form>
    </Dialog>
  );
}
