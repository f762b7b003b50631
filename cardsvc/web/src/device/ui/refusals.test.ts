import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { REFUSALS } from "./refusals.ts";

it("says what to do about everything that a reader's set-up and errands can be refused for", () => {
  const code = ["device.ts", "service.ts", "errands.ts"].map((name) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8")).join("\n");
  const made = [...code.matchAll(/new (?:Refused|Unchecked)\("(\w+)"|saidNo\(answer, "(\w+)"/g)].map((found) => found[1] ?? found[2] ?? "");
  expect(made).toContain("enrolment_refused");
  for (const reason of [...made, "malformed"]) {
    const [chinese, english] = REFUSALS[reason] ?? ["", ""];
    expect(chinese, reason).toMatch(/\p{Script=Han}/u);
    expect(english, reason).toMatch(/^[A-Z]/);
  }
});
