/**
 * Lists of cards as departments keep them: CSV out of a spreadsheet, read in this window. Only card numbers and last
 * days leave it; whatever else stands in the file, names above all, is read by nobody.
 */
import { isNoDay, isoDay } from "../../shared/ui/fields.tsx";
import type { WantedLine } from "../../shared/api/services.ts";

/** As many as one touch of a key may grant. */
export const MOST_LINES = 5000;
const NUMBER = ["number", "card", "card number", "cardnumber", "card_number", "卡号", "商友卡号", "号码"];
const UNTIL = ["until", "last day", "last_day", "valid until", "end", "截止日", "截止日期", "有效期至", "到期日"];

export interface ReadFile {
  readonly lines: readonly WantedLine[];
  /** What cannot be a last day, by line; such a line is not sent. */
  readonly wrong: readonly { readonly line: number; readonly text: string }[];
  /** Columns that were not read. */
  readonly ignored: readonly string[];
}

/** Fields of each line (RFC 4180); commas, semicolons and tabs part them, whichever the first line has most of. */
export function fields(text: string): string[][] {
  const head = text.slice(0, text.search(/[\r\n]|$/));
  const part = [",", ";", "\t"].sort((one, other) => head.split(other).length - head.split(one).length)[0] ?? ",";
  const rows: string[][] = [[]];
  let field = "";
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const mark = text[at];
    if (quoted) {
      if (mark !== '"') field += mark;
      else if (text[at + 1] === '"') field += text[at++];
      else quoted = false;
    } else if (mark === '"' && field.trim() === "") [quoted, field] = [true, ""];
    else if (mark === part) (rows.at(-1)?.push(field), (field = ""));
    else if (mark === "\n" || mark === "\r") {
      rows.at(-1)?.push(field);
      field = "";
      if (mark === "\r" && text[at + 1] === "\n") at++;
      rows.push([]);
    } else field += mark;
  }
  rows.at(-1)?.push(field);
  return rows;
}

/** Card numbers and last days; a first line without a digit names the columns, else they are number and day. */
export function readFile(text: string): ReadFile {
  const rows = fields(text.replace(/^\ufeff/, ""));
  const names = (rows[0] ?? []).map((one) => one.trim().toLowerCase());
  const headed = names.length > 0 && !names.some((one) => /\d/.test(one)) && names.some((one) => one !== "");
  const place = headed ? names.findIndex((one) => NUMBER.includes(one)) : 0;
  const days = headed ? names.findIndex((one) => UNTIL.includes(one)) : 1;
  const lines: WantedLine[] = [];
  const wrong: { line: number; text: string }[] = [];
  rows.forEach((row, at) => {
    if ((headed && at === 0) || row.every((one) => one.trim() === "")) return;
    const day = isoDay(row[days] ?? "");
    if (isNoDay(day)) wrong.push({ line: at + 1, text: day });
    else lines.push({ line: at + 1, number: (row[place] ?? "").trim().slice(0, 100), until: day === "" ? null : day });
  });
  const ignored = headed ? (rows[0] ?? []).filter((one, at) => at !== place && at !== days && one.trim() !== "") : [];
  return { lines: place < 0 ? [] : lines, wrong, ignored };
}
