/** Beside the form: both sides of the card as it would be printed, the portrait, who it may already be, and submit. */
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import { preview, previewUrl, portraitUrl, submitCase, withdrawCase, type Case, type Fields, type Sides } from "../shared/api/desk.ts";
import { Problem } from "../shared/api/http.ts";
import { t, type Key } from "../shared/i18n/index.ts";
import { addShortcuts } from "../shared/keys.ts";
import { Button, Dialog, Failure, Note, reasonWords, say, useTask } from "../shared/ui/kit.tsx";
import { Declared } from "./differences.tsx";
import { complete, type Draft, type DraftView } from "./draft.ts";
import { Duplicates } from "./duplicates.tsx";
import { FamilyBox } from "./family.tsx";
import { PortraitDialog } from "./portrait.tsx";
import { go, staying } from "./state.ts";
import { attempt, attempted, focusField, tidyField } from "./submit.ts";

/** After the last key; a picture takes the service a tenth of a second. */
const PREVIEW_MS = 350;

interface Props {
  readonly draft: Draft;
  readonly view: DraftView;
}

export function CaseSide({ draft, view }: Props) {
  return (
    <aside class="side" aria-label={t("case.side")}>
      <Declared one={view.case} />
      <Duplicates of={view.case} />
      <LiveCards one={view.case} application={view.application} />
      <PortraitBox draft={draft} one={view.case} />
      <FamilyBox one={view.case} application={view.application} reload={(next) => draft.adopt(next)} />
    </aside>
  );
}

/** Both sides, drawn by the service from what stands in the form, saved or not; the last picture stays meanwhile. */
function LiveCards({ one, application }: { one: Case; application: Fields }) {
  const [sides, setSides] = useState<Sides | null>(null);
  const asked = JSON.stringify(complete(application));
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      // Without an answer the last picture is still the best there is; saving says that the line is down.
      preview(complete(application), one.id, stop.signal).then(setSides, () => undefined);
    }, PREVIEW_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [asked, one.id, JSON.stringify(one.portrait)]);
  return (
    <div class="cards">
      <Side url={sides?.front ?? null} side="front" />
      <Side url={sides?.back ?? null} side="back" />
    </div>
  );
}

/** Both sides of a case as it was filed; for who decides, and may not ask for pictures of anything else. */
export function FiledCards({ one }: { one: Case }) {
  return (
    <div class="cards">
      <Side url={previewUrl(one.id, "front", one.version)} side="front" />
      <Side url={previewUrl(one.id, "back", one.version)} side="back" />
    </div>
  );
}

function Side({ url, side }: { url: string | null; side: "front" | "back" }) {
  const words = t(`card.${side}`);
  if (url) return <img class="cardface" src={url} alt={words} width={856} height={540} />;
  return (
    <div class={`cardface blank ${side}`} role="img" aria-label={words}>
      <span lang="zh-CN" aria-hidden="true">商友卡</span>
      <p>{t("card.waits")}</p>
    </div>
  );
}

function PortraitBox({ draft, one }: { draft: Draft; one: Case }) {
  const [open, setOpen] = useState(false);
  const { present, findings } = one.portrait;
  const [drawn, setDrawn] = useState(0);
  useLayoutEffect(() => addShortcuts([{ key: "f", words: () => t("portrait.title"), run: () => setOpen(true) }]), []);
  const missing = attempted.value.has(one.id) ? one.errors.find((error) => error.field === "portrait") : undefined;
  return (
    <section class="tile" data-part="portrait" tabIndex={-1} aria-label={t("portrait.title")}>
      <div class="row top">
        {present ? <img class="face" src={portraitUrl(one.id, "print", one.version + drawn)} alt={t("portrait.alt")} /> : <div class="face none" aria-hidden="true" />}
        <div>
          <Button hint="F" onClick={() => setOpen(true)}>{t(present ? "portrait.change" : "portrait.take")}</Button>
          {findings.length === 0 && present && <p class="fine">✓ {t("portrait.fine")}</p>}
          {findings.map((found) => <p key={found.reason} class="warn">{reasonWords(found.reason, found.words)}</p>)}
          {missing && <p class="error">{reasonWords(missing.reason, missing.words)}</p>}
        </div>
      </div>
      {open && (
        <PortraitDialog
          one={one}
          before={() => draft.flush()}
          done={(next) => {
            draft.adopt(next);
            setDrawn((count) => count + 1);
            setOpen(false);
            say(t("portrait.saved"));
          }}
          version={() => draft.view.case.version}
          close={() => setOpen(false)}
        />
      )}
    </section>
  );
}

/** Always in sight, whatever the form shows: what is still to do, and the way on. */
export function Submit({ draft, view }: Props) {
  const one = view.case;
  const task = useTask();
  const [sure, setSure] = useState(false);
  const tried = attempted.value.has(one.id);
  const submit = () =>
    task.run(async () => {
      const still = staying();
      attempt(one.id);
      tidyField();
      if (!(await draft.flush())) return;
      const now = draft.view.case;
      if (now.errors.length > 0) {
        if (!still()) return;
        focusField(now.errors[0]?.field ?? "");
        say(t("submit.missing", { n: now.errors.length }));
        return;
      }
      try {
        draft.adopt(await submitCase(one.id, now.version));
        say(t("submit.done"));
        if (still()) go("queue");
      } catch (failure) {
        if (failure instanceof Problem && failure.fields[0] && still()) focusField(failure.fields[0].field);
        throw failure;
      }
    });
  useLayoutEffect(() => addShortcuts([{ key: "ctrl+enter", words: () => t("submit.go"), run: () => void submit() }]), [one.id]);
  return (
    <section class="actbar" aria-label={t("submit.go")}>
      {one.errors.length > 0 ? (
        <details open={tried}>
          <summary>{t("submit.missing", { n: one.errors.length })}</summary>
          <ul class="todo">
            {one.errors.map((error) => (
              <li key={error.field + error.reason}>
                <button type="button" class="textlink" onClick={() => focusField(error.field)}>{labelOf(error.field)}</button>
              </li>
            ))}
          </ul>
        </details>
      ) : (
        <p class="fine">✓ {t("submit.ready")}</p>
      )}
      {task.failure !== null && !sure && <Failure of={task.failure} />}
      <div class="row">
        <Button kind="primary" hint="Ctrl+⏎" busy={task.busy} onClick={() => void submit()}>{t("submit.go")}</Button>
        {one.allowed.includes("withdraw") && <Button kind="quiet" onClick={() => setSure(true)}>{t("withdraw.go")}</Button>}
      </div>
      {sure && (
        <Dialog title={t("withdraw.title")} close={() => setSure(false)} waits={task.busy}>
          <p>{t("withdraw.words")}</p>
          <Note tone="attention">{t("withdraw.note")}</Note>
          {task.failure !== null && <Failure of={task.failure} />}
          <footer class="row">
            <Button disabled={task.busy} onClick={() => setSure(false)}>{t("act.cancel")}</Button>
            <Button kind="danger" busy={task.busy} onClick={() => void task.run(async () => {
              const still = staying();
              await draft.flush();
              draft.adopt(await withdrawCase(one.id, draft.view.case.version));
              if (still()) go("queue");
            })}>{t("withdraw.go")}</Button>
          </footer>
        </Dialog>
      )}
    </section>
  );
}

const labelOf = (field: string): string => t(`field.${field}` as Key);
