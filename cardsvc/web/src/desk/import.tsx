/** Many applications from a file: seen first, wrong cells marked, only chosen rows become drafts. */
import { useState } from "preact/hooks";
import { acceptImport, startImport, type ImportRow } from "../shared/api/desk.ts";
import { t, told } from "../shared/i18n/index.ts";
import { fileOf } from "../shared/ui/fields.tsx";
import { Button, Empty, Failure, Note, Title, reasonWords, useTask } from "../shared/ui/kit.tsx";
import { textOf } from "./fields.ts";
import { decoded, type Encoding } from "./textfile.ts";
import { go, link } from "./state.ts";

/** Rows that become drafts in one request: a portrait in a row takes the service a tenth of a second. */
const PART = 25;

export function ImportScreen() {
  const [preview, setPreview] = useState<{ import: string; rows: ImportRow[] } | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  /** Of the file that was chosen last; `null` where it could not be read. */
  const [encoding, setEncoding] = useState<Encoding | null>("utf-8");
  const [accepting, setAccepting] = useState<{ done: number; of: number } | null>(null);
  const task = useTask();
  const read = (file: File) =>
    task.run(async () => {
      const read = await decoded(file);
      setEncoding(read?.encoding ?? null);
      setPreview(null);
      if (!read) return;
      const found = await startImport(file.name, read.text);
      setPreview(found);
      setChosen(new Set(found.rows.filter((row) => !row.case && row.errors.every(onlyMissing)).map((row) => row.row)));
    });
  const accept = () =>
    task.run(async () => {
      if (!preview) return;
      const rows = [...chosen];
      for (let start = 0; start < rows.length; start += PART) {
        setAccepting({ done: start, of: rows.length });
        const { cases } = await acceptImport(preview.import, rows.slice(start, start + PART));
        const made = new Map(cases.map((one) => [one.row, one.case]));
        // Where a later part fails, what is made already is shown as made, and the others stay chosen.
        setPreview((now) => now && { ...now, rows: now.rows.map((row) => ({ ...row, case: made.get(row.row) ?? row.case })) });
        setChosen((now) => new Set([...now].filter((row) => !made.has(row))));
      }
    }).finally(() => setAccepting(null));
  const made = preview?.rows.filter((row) => row.case).length ?? 0;
  return (
    <section class="panel">
      <Title k="import.title" sub={t("import.sub")}>
        <label class="button plain file">
          <span>{t("import.choose")}</span>
          <input type="file" disabled={task.busy} accept=".csv,.json,.jsonl,text/csv,application/json" onChange={(event) => {
            const file = fileOf(event.currentTarget);
            if (file) void read(file);
          }} />
        </label>
        {preview && <Button kind="primary" busy={task.busy} disabled={chosen.size === 0} onClick={() => void accept()}>{t("import.accept", { n: chosen.size })}</Button>}
      </Title>
      {accepting && accepting.of > PART && (
        <label class="progress">
          <progress max={accepting.of} value={accepting.done} /> {t("import.making", { done: accepting.done, n: accepting.of })}
        </label>
      )}
      {task.failure !== null && <Failure of={task.failure} />}
      {encoding === null && <Note tone="deny">{t("import.encoding")}</Note>}
      {preview && encoding === "gb18030" && <Note tone="attention">{t("import.gb18030")}</Note>}
      {made > 0 && <Note tone="green" action={<Button onClick={() => go("queue")}>{t("nav.queue")}</Button>}>{t("import.made", { n: made })}</Note>}
      {preview ? <Preview rows={preview.rows} chosen={chosen} choose={setChosen} /> : <Empty k="import.empty"><p class="hint">{t("import.columns")}</p></Empty>}
    </section>
  );
}

/** A portrait is taken at the desk, so a row without one is as good as a draft can be. */
const onlyMissing = (error: { reason: string }) => error.reason === "missing";

interface PreviewProps {
  readonly rows: readonly ImportRow[];
  readonly chosen: ReadonlySet<number>;
  readonly choose: (next: ReadonlySet<number>) => void;
}

function Preview({ rows, chosen, choose }: PreviewProps) {
  const columns = [...new Set(rows.flatMap((row) => [...Object.keys(row.application), ...row.errors.filter((error) => !onlyMissing(error)).map((error) => error.field)]))].filter((name) => name !== "portrait");
  const flip = (row: number) => {
    const next = new Set(chosen);
    if (!next.delete(row)) next.add(row);
    choose(next);
  };
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={t("import.title")}>
      <table class="list small cells">
        <thead><tr><th scope="col">#</th>{columns.map((name) => <th key={name} scope="col">{told("field", name) ?? name}</th>)}</tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.row}>
              <td>
                {row.case ? <a href={link("case", row.case)}>✓ {row.row}</a> : <label class="tick bare"><input type="checkbox" checked={chosen.has(row.row)} onChange={() => flip(row.row)} aria-label={t("import.row", { row: row.row })} /> {row.row}</label>}
                {row.errors.filter((error) => !onlyMissing(error)).map((error) => <small key={error.field} class="error">{told("field", error.field) ?? error.field}</small>)}
                {row.warnings.length > 0 && <span class="tag warn">{t("duplicate.title")}</span>}
              </td>
              {columns.map((name) => {
                const error = row.errors.find((one) => one.field === name);
                return (
                  <td key={name} class={error ? "wrong" : ""}>
                    <bdi dir="auto">{textOf(row.application, name)}</bdi>
                    {error && <small class="error">{reasonWords(error.reason, error.words)}</small>}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
