/** One application: filled in by whoever may edit it, judged by whoever may decide, else read. */
import { useLayoutEffect } from "preact/hooks";
import { openCase, type CaseState } from "../shared/api/desk.ts";
import { Unreachable } from "../shared/api/http.ts";
import { instant, moment, t } from "../shared/i18n/index.ts";
import { addShortcuts } from "../shared/keys.ts";
import { Badge, Button, CardNumber, Failure, Names, Note, useLoad, useTask, wordsOf, type Tone } from "../shared/ui/kit.tsx";
import { CaseForm } from "./caseform.tsx";
import { CaseSide, Submit } from "./caseside.tsx";
import { Review } from "./review.tsx";
import type { Draft, DraftView } from "./draft.ts";
import { drafts, take, views } from "./drafts.ts";
import { latinName, textOf } from "./fields.ts";
import { go, link, list } from "./state.ts";

export const TONES: Readonly<Record<CaseState, Tone>> = {
  draft: "quiet", submitted: "green", approving: "green", issued: "green", refused: "deny", withdrawn: "quiet", failed: "deny",
}; // prettier-ignore

export function CaseScreen({ id }: { id: string }) {
  const { failure, reload } = useLoad(async () => take(await openCase(id)), [id]);
  useLayoutEffect(() => addShortcuts([{ key: "escape", words: () => t("case.back"), run: () => go(list.value) }]), []);
  const draft = drafts.get(id);
  const view = views.value.get(id);
  if (failure !== null && !(failure instanceof Unreachable && draft)) return <section class="panel"><Failure of={failure} again={reload} /></section>;
  if (!draft || !view) return <p class="mute">{t("state.loading")}</p>;
  const editable = view.case.allowed.includes("edit");
  return (
    <div class="case">
      <Head view={view} draft={draft} reload={reload} editable={editable} />
      {editable ? <Edit draft={draft} view={view} /> : <Review view={view} changed={(next) => draft.adopt(next)} reload={reload} />}
    </div>
  );
}

function Edit({ draft, view }: { draft: Draft; view: DraftView }) {
  return (
    <>
      <div class="pair">
        <CaseForm draft={draft} view={view} />
        <CaseSide draft={draft} view={view} />
      </div>
      <Submit draft={draft} view={view} />
    </>
  );
}

interface HeadProps {
  readonly view: DraftView;
  readonly draft: Draft;
  readonly reload: () => void;
  readonly editable: boolean;
}

function Head({ view, draft, reload, editable }: HeadProps) {
  const one = view.case;
  const application = view.application;
  const names = {
    name: latinName(application) || t("queue.nameless"),
    name_native: textOf(application, "name_native"),
    name_chinese: textOf(application, "name_chinese"),
  };
  return (
    <header class="casehead">
      <a href={link(list.value)} class="back" aria-keyshortcuts="Escape">← {t(`nav.${list.value}`)}</a>
      <div class="line">
        <h1 tabIndex={-1} ref={focusOnce}><Names of={names} /></h1>
        <Badge tone={TONES[one.state]}>{t(`state.${one.state}`)}</Badge>
        {one.card_number && <a href={link("cards", one.card_number)}><CardNumber number={one.card_number} /></a>}
        <span class="ref">{one.reference}</span>
        {editable && <Saved view={view} draft={draft} />}
      </div>
      {view.conflict && <ConflictNote view={view} draft={draft} />}
      {view.problem && <Note tone="deny" action={<Button onClick={reload}>{t("case.reload")}</Button>}>{wordsOf(view.problem)}</Note>}
      {one.returned && one.state === "draft" && (
        <Note tone="attention"><b>{t("case.returned", { who: one.returned.by, when: moment(one.returned.at) })}</b> {one.returned.words}</Note>
      )}
    </header>
  );
}

function focusOnce(node: HTMLElement | null): void {
  if (node && document.activeElement === document.body) node.focus({ preventScroll: true });
}

/** Where the typed letters are: on the service, on their way, or still here. */
function Saved({ view, draft }: { view: DraftView; draft: Draft }) {
  const words = view.state === "saved" ? t("save.saved", { when: instant(view.case.updated_at) }) : t(`save.${view.state}`);
  return (
    <span class={`saved ${view.state}`} role="status" title={words}>
      <i aria-hidden="true" /> {view.state === "saved" ? t("save.saved.short") : words}
      {view.state === "offline" && <Button kind="quiet" onClick={() => void draft.flush()}>{t("act.again")}</Button>}
    </span>
  );
}

function ConflictNote({ view, draft }: { view: DraftView; draft: Draft }) {
  const task = useTask();
  const { case: one, conflict } = view;
  if (!conflict) return null;
  const settle = (theirs: boolean) => task.run(async () => void (await draft.settle(theirs, await openCase(one.id))));
  return (
    <div class="note attention conflict" role="alert">
      <div>
        <b>{t("conflict.title", { who: conflict.by })}</b>
        <table>
          <thead><tr><td /><th scope="col">{t("conflict.theirs")}</th><th scope="col">{t("conflict.mine")}</th></tr></thead>
          <tbody>
            {Object.keys(conflict.theirs).map((name) => (
              <tr key={name}>
                <th scope="row">{t(`field.${name}` as "field.surname")}</th>
                <td><bdi dir="auto">{textOf(conflict.theirs, name) || "—"}</bdi></td>
                <td><bdi dir="auto">{textOf(view.application, name) || "—"}</bdi></td>
              </tr>
            ))}
          </tbody>
        </table>
        <div class="row">
          <Button busy={task.busy} onClick={() => void settle(true)}>{t("conflict.take")}</Button>
          <Button busy={task.busy} onClick={() => void settle(false)}>{t("conflict.keep")}</Button>
        </div>
        {task.failure !== null && <Failure of={task.failure} />}
      </div>
    </div>
  );
}
