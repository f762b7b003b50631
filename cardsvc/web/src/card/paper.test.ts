/** Codes on paper: slips show, and the same letters make the same key everywhere. */
import { expect, it } from "vitest";
import { base64url } from "./code.ts";
import { checkLetter, isPaper, LETTERS, newPaper, paperKey, tidied } from "./paper.ts";

const LETTERS_23 = "23456789ABCDEFGHJKMNPQR";

it("shows every wrong letter", () => {
  const code = LETTERS_23 + checkLetter(LETTERS_23);
  expect(isPaper(code)).toBe(true);
  for (let at = 0; at < code.length; at += 1) {
    for (const letter of LETTERS) {
      const wrong = code.slice(0, at) + letter + code.slice(at + 1);
      expect(isPaper(wrong), wrong).toBe(wrong === code);
    }
  }
});

it("is read however it was typed, and never the same twice", () => {
  const code = newPaper();
  expect(isPaper(code)).toBe(true);
  expect(tidied(` ${code.toLowerCase().replace(/(.{4})/g, "$1 - ")}`)).toBe(code);
  expect(newPaper()).not.toBe(code);
});

it("makes the key that docs/holder.md describes, which gives nothing away", async () => {
  const keys = await paperKey(LETTERS_23 + checkLetter(LETTERS_23));
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
  // By HKDF and P-256 of another library (pyca/cryptography) over the same 23 letters.
  expect(base64url(point)).toBe("BNygtyPk4Zb8I6Pg1I6phvW2lTPnUVqcfUFshl1q_roAnpoU7Yjz8g7Ac2MMVQe-4ivwDbUXa8vaO3-uWANX9gw");
  await expect(crypto.subtle.exportKey("pkcs8", keys.privateKey)).rejects.toThrow();
});
