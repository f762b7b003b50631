/** What people read when the service says no. */
import { expect, it } from "vitest";
import { PUTTING } from "./screens/application.tsx";
import { SENDING } from "./screens/apply.tsx";
import { refusal } from "./ui.tsx";
import { WORDS } from "./words/index.ts";

it("who is locked out is not told that the code is no good", () => {
  expect(refusal("phone_refused", { refused: "wrong.code" })).toBe("wrong.code");
  expect(refusal("locked_out", { refused: "wrong.code" })).toBe("wrong.often");
  expect(refusal("too_often", { refused: "portrait.unusable" })).toBe("wrong.often");
  expect(WORDS["wrong.often"][0]).toContain("a quarter of an hour"); // cardsvc/staff/lockout.py
});

it("who sends too much is told no time that may be wrong", () => {
  expect(refusal("too_often", SENDING)).toBe("wrong.later"); // By the minute, by the day, or all people together.
  expect(WORDS["wrong.later"][0]).toContain("later");
});

it("whose phone no clerk scanned is told where a code is had", () => {
  expect(WORDS[refusal("phone_not_seen", PUTTING)][0]).toContain("The desk gives you a code");
});
