import { expect, it } from "vitest";
import { fields, readFile } from "./csv.ts";

const CARD = "4417092633585";
const OTHER = "1234567890128";

it("reads what spreadsheets write: quotes, tabs, semicolons, marks and empty lines", () => {
  expect(fields('a,"b ""c"", d"\r\n1,2\n')).toEqual([["a", 'b "c", d'], ["1", "2"], [""]]);
  expect(fields("a;b\n1;2,5")).toEqual([["a", "b"], ["1", "2,5"]]);
  expect(fields('"two\nlines",x')).toEqual([["two\nlines", "x"]]);
});

it("takes numbers and last days, and leaves names where they are", () => {
  const read = readFile(`\ufeffName,Card number,Class,Last day\n"Example, Amina",${CARD},3B,2027/6/30\n\nBilal,${OTHER},3B,\n`);
  expect(read.lines).toEqual([
    { line: 2, number: CARD, until: "2027-06-30" },
    { line: 4, number: OTHER, until: null },
  ]);
  expect(read.ignored).toEqual(["Name", "Class"]);
  expect(JSON.stringify(read.lines)).not.toContain("Amina");
});

it("needs no headings, and knows Chinese ones", () => {
  expect(readFile(`${CARD},20270630\n${OTHER}`).lines).toEqual([
    { line: 1, number: CARD, until: "2027-06-30" },
    { line: 2, number: OTHER, until: null },
  ]);
  expect(readFile(`姓名\t卡号\t截止日期\n某人\t4417 0926 3358 5\t2027年6月30日`).lines).toEqual([{ line: 2, number: "4417 0926 3358 5", until: "2027-06-30" }]);
});

it("names the lines whose day is none, and a file without card numbers", () => {
  const days = readFile(`number,until\n${CARD},soon\n${OTHER},2027116\n${CARD},2027-02-30`);
  expect(days.wrong).toEqual([{ line: 2, text: "soon" }, { line: 3, text: "2027116" }, { line: 4, text: "2027-02-30" }]);
  expect(days.lines).toEqual([]);
  expect(readFile("name,class\nAmina,3B").lines).toEqual([]);
});
