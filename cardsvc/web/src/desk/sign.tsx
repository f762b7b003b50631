/** An approval: what will be made, everything unusual about it, and the passkey that makes it. */
import { useEffect, useRef, useState } from "preact/hooks";
import { dropApproval, offerApproval, signApproval, type ApprovalOffer, type SeenCase, type Signed } from "../shared/api/desk.ts";
import { Problem } from "../shared/api/http.ts";
import { t } from "../shared/i18n/index.ts";
import { Button, CardNumber, Dialog, Failure, Mark, Note, say, useTask } from "../shared/ui/kit.tsx";
import { Differences } from "./differences.tsx";
import { Exceptions } from "./review.tsx";
import { link, session } from "./state.ts";

interface Props {
  readonly cases: readonly SeenCase[];
  /** What the cases are called where they are chosen. */
  readonly names?: ReadonlyMap<string, string>;
  readonly close: () => void;
  /** Called at the end where a signature was tried, whatever came of it. */
  readonly done: () => void;
}

export function SignDialog({ cases, names, close, done }: Props) {
  const [offer, setOffer] = useState<ApprovalOffer | null>(null);
  const [signed, setSigned] = useState<readonly Signed[] | null>(null);
  const task = useTask();
  /** Offered, and neither being signed nor signed: to be given back by whichever way the dialog goes. */
  const open = useRef<ApprovalOffer | null>(null);
  const gone = useRef(false);
  const tried = useRef(false);
  const keep = async (made: ApprovalOffer) => {
    if (gone.current) return giveBack(made);
    open.current = made;
    setOffer(made);
  };
  const ask = (apart = false) => task.run(async () => keep(await offerApproval(cases, apart)));
  const end = async () => {
    gone.current = true;
    if (open.current) await giveBack(open.current);
    if (tried.current) done();
  };
  useEffect(() => {
    void ask();
    return () => void end();
  }, []);
  const sign = () =>
    task.run(async () => {
      const made = open.current;
      if (!made) return;
      open.current = null;
      tried.current = true;
      try {
        const cards = await signApproval(made);
        setSigned(cards);
        say(t("approve.made", { n: cards.filter((card) => card.state === "issued").length }));
      } catch (failure) {
        await keep(made);
        throw failure;
      }
    });
  const mustOpen = task.failure instanceof Problem && (task.failure.extra["must_open"] as string[] | undefined);
  const waits = task.failure instanceof Problem && task.failure.reason === "family_waits";
  return (
    <Dialog title={t("approve.title", { n: cases.length })} close={close} waits={task.busy && offer !== null} wide>
      {session.value?.approver_key === "waiting" && <Note tone="attention">{t("approve.nokey")}</Note>}
      {signed ? <Made cards={signed} /> : offer && <Offered offer={offer} />}
      {!offer && task.busy && <p class="mute">{t("approve.preparing")}</p>}
      {mustOpen ? <MustOpen list={mustOpen} names={names} /> : task.failure !== null && <Failure of={task.failure} again={offer ? undefined : () => void ask()} />}
      <footer class="row">
        {waits && <Button onClick={() => void ask(true)}>{t("approve.apart")}</Button>}
        {signed ? (
          <Button kind="primary" onClick={close}>{t("act.close")}</Button>
        ) : (
          <>
            <Button disabled={task.busy && offer !== null} onClick={close}>{t("act.cancel")}</Button>
            <Button kind="primary" busy={task.busy} disabled={!offer} onClick={() => void sign()}>{t("approve.sign")}</Button>
          </>
        )}
      </footer>
    </Dialog>
  );
}

/** Its cases wait again at once; where that cannot be said now, the service sees to it by itself. */
const giveBack = (made: ApprovalOffer): Promise<void> => dropApproval(made.approval).catch(() => undefined);

function Offered({ offer }: { offer: ApprovalOffer }) {
  const unusual = (card: ApprovalOffer["cards"][number]) => card.differences.length + card.exceptions.length;
  const ordered = [...offer.cards].sort((one, other) => unusual(other) - unusual(one));
  return (
    <ul class="offered">
      {ordered.map((card) => (
        <li key={card.case} class={unusual(card) ? "unusual" : ""}>
          <p><b><bdi>{card.name}</bdi></b> <CardNumber number={card.number} /></p>
          <Exceptions list={card.exceptions} />
          <Differences list={card.differences} />
        </li>
      ))}
    </ul>
  );
}

function Made({ cards }: { cards: readonly Signed[] }) {
  return (
    <ul class="offered">
      {cards.map((card) => (
        <li key={card.case} class={card.state}>
          <Mark tone={card.state === "issued" ? "green" : "deny"} />
          <a href={link("cards", card.number)}><CardNumber number={card.number} /></a> {t(`state.${card.state}`)} {card.words && <small>{card.words}</small>}
        </li>
      ))}
    </ul>
  );
}

/** The service wants eyes on these before a signature. */
function MustOpen({ list, names }: { list: readonly string[]; names: ReadonlyMap<string, string> | undefined }) {
  return (
    <>
      <Note tone="attention">{t("approve.open")}</Note>
      <ul class="kin">
        {list.map((id) => (
          <li key={id}>
            <a href={link("case", id)}><bdi>{names?.get(id) ?? t("approve.openone")}</bdi></a>
          </li>
        ))}
      </ul>
    </>
  );
}
