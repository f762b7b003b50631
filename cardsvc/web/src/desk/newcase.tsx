/** A new application: the passport's lines, by hand, or many from a file. */
import { signal } from "@preact/signals";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { newCase, readLines, type Fields } from "../shared/api/desk.ts";
import { t } from "../shared/i18n/index.ts";
import { AreaField } from "../shared/ui/fields.tsx";
import { Button, Failure, Note, Title, reasonWords, useTask } from "../shared/ui/kit.tsx";
import type { FieldProblem } from "../shared/api/http.ts";
import { linesIn } from "./fields.ts";
import { go, staying } from "./state.ts";

/** Lines that a reader typed on any screen, and what went wrong with them. */
const typedLines = signal("");
const lineErrors = signal<readonly FieldProblem[]>([]);
const failed = signal<unknown>(null);
/** How many scans are on their way to an application. */
const scans = signal(0);

/** What the lines say, as the fields of an application; the lines stay with it for the approver to compare. */
async function read(lines: string[]): Promise<Fields | null> {
  const answer = await readLines(lines);
  lineErrors.value = answer.errors;
  return answer.errors.length > 0 ? null : { ...answer.application, mrz: lines };
}

/** A reader on any screen: a readable passport opens its application at once, another one asks for eyes. */
export async function takePassport(lines: string[]): Promise<void> {
  setLines(lines.join("\n"));
  go("new");
  const still = staying();
  scans.value += 1;
  try {
    const found = await read(lines);
    // Another passport was read meanwhile, or the clerk has gone: nobody would see what is made.
    if (found && still()) await begin(found, still);
  } catch (failure) {
    if (still()) failed.value = failure;
  } finally {
    scans.value -= 1;
  }
}

function setLines(text: string): void {
  typedLines.value = text;
  lineErrors.value = [];
  failed.value = null;
}

async function begin(application: Fields, still: () => boolean): Promise<void> {
  const made = await newCase(application);
  if (!still()) return;
  setLines("");
  go("case", made.id);
}

export function NewCase() {
  const task = useTask();
  const [anyway, setAnyway] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const busy = task.busy || scans.value > 0;
  // When the screen comes, and again when what a reader typed could not be read.
  useLayoutEffect(() => box.current?.focus(), [scans.value > 0]);
  const start = (application: Fields) => void task.run(() => begin(application, staying()));
  const fromLines = (event: Event) => {
    event.preventDefault();
    if (busy) return;
    failed.value = null;
    void task.run(async () => {
      const still = staying();
      const lines = linesIn(typedLines.value);
      const found = await read(lines);
      setAnyway(!found);
      if (found && still()) await begin(found, still);
    });
  };
  const enter = (event: KeyboardEvent) => {
    if (event.key !== "Enter") return;
    const lines = linesIn(typedLines.value);
    const whole = (lines[0]?.startsWith("I") || lines[0]?.length === 30) ? 3 : 2;
    if (event.repeat) event.preventDefault();
    else if (lines.length >= whole || event.ctrlKey) fromLines(event);
  };
  const failure = task.failure ?? failed.value;
  return (
    <section class="panel narrow">
      <Title k="new.title" sub={t("new.sub")} />
      <form onSubmit={fromLines}>
        <AreaField
          label={t("new.lines")}
          hint={t("new.lines.hint")}
          value={typedLines.value}
          change={setLines}
          area={{ class: "mrz", wrap: "off", autofocus: true, autocapitalize: "characters", onKeyDown: enter, ref: box }}
        />
        {lineErrors.value.map((one) => (
          <Note key={one.words} tone="attention">{reasonWords(one.reason, one.words)}</Note>
        ))}
        {failure !== null && <Failure of={failure} />}
        <div class="row">
          <Button kind="primary" type="submit" hint="⏎" busy={busy} disabled={!typedLines.value.trim()}>{t("new.read")}</Button>
          {anyway && <Button busy={busy} onClick={() => start({ mrz: linesIn(typedLines.value) })}>{t("new.anyway")}</Button>}
        </div>
      </form>
      <hr />
      <div class="ways">
        <div>
          <h2>{t("new.hand")}</h2>
          <p class="mute">{t("new.hand.sub")}</p>
          <Button onClick={() => start({})} busy={busy}>{t("new.hand.go")}</Button>
        </div>
        <div>
          <h2>{t("new.file")}</h2>
          <p class="mute">{t("new.file.sub")}</p>
          <Button onClick={() => go("import")}>{t("new.file.go")}</Button>
        </div>
      </div>
    </section>
  );
}
