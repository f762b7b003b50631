/** Lines as passports print them: ICAO's own specimens, and slips of the finger in them. */
import { expect, it } from "vitest";
import { checkDigit, read, split } from "./lines.ts";

const TODAY = new Date("2026-03-01T00:00:00Z");
/** Doc 9303 part 4 appendix B, part 5 appendix B, part 6 appendix B. */
const TD3 = ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"];
const TD1 = ["I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6", "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"];
const TD2 = ["I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", "D231458907UTO7408122F1204159<<<<<<<6"];

it.each([["a book", TD3, "L898902C3"], ["a card", TD1, "D23145890"], ["a larger card", TD2, "D23145890"]])("reads the lines of %s", (_, lines, number) => {
  expect(read(lines, TODAY)?.fields).toEqual({
    surname: "ERIKSSON", given_names: "ANNA MARIA", passport: number, passport_country: "UTO", nationality: "UTO",
    birth: "1974-08-12", sex: "F", passport_expiry: "2012-04-15",
  }); // prettier-ignore
});

it("names the line of a slip, and fills nothing in", () => {
  const slipped = (at: number, sign: string): unknown => {
    const second = TD3[1]!.slice(0, at) + sign + TD3[1]!.slice(at + 1);
    const found = read([TD3[0]!, second], TODAY);
    expect(found?.fields).toBeNull();
    return found?.slips[0];
  };
  expect(slipped(1, "B")).toEqual({ field: "passport", line: 2 });
  expect(slipped(14, "5")).toEqual({ field: "birth", line: 2 });
  expect(slipped(22, "3")).toEqual({ field: "passport_expiry", line: 2 });
  expect(slipped(43, "1")).toEqual({ field: "mrz", line: 2 });
});

it("takes the long number of an identity card", () => {
  // Part 5 section 4.2.2: the number's first nine signs, a filler, the rest, its check digit and a filler.
  const [head, tail] = ["B12345678", "901"];
  for (const counted of [head + tail, `${head}<${tail}`]) {
    const first = `I<BEL${head}<${tail}${checkDigit(counted)}`.padEnd(30, "<");
    const whole = first.slice(5) + TD1[1]!.slice(0, 7) + TD1[1]!.slice(8, 15) + TD1[1]!.slice(18, 29);
    const second = TD1[1]!.slice(0, 29) + String(checkDigit(whole));
    expect(read([first, second, TD1[2]!], TODAY)?.fields?.["passport"]).toBe("B12345678901");
  }
});

it("cuts what a hand scanner sends in one, and waits for what is not whole", () => {
  expect(split(TD3.join(""))).toEqual(TD3);
  expect(split(` ${TD1.join("\n").toLowerCase()}\n`)).toEqual(TD1);
  expect(read(split(TD3[0]!), TODAY)).toBeNull();
  expect(read(["Ä".repeat(44), TD3[1]!], TODAY)).toBeNull();
});

it("puts nobody's birth into the future", () => {
  const birth = `300101${checkDigit("300101")}`;
  const second = `L898902C36UTO${birth}F1204159ZE184226B<<<<<1`;
  const whole = second.slice(0, 10) + second.slice(13, 20) + second.slice(21, 43);
  expect(read([TD3[0]!, second + String(checkDigit(whole))], TODAY)?.fields?.["birth"]).toBe("1930-01-01");
});
