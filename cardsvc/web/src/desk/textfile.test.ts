import { expect, it } from "vitest";
import { readText } from "./textfile.ts";

it("reads the encoding that spreadsheets of this country still write", async () => {
  const gbk = new Uint8Array([0xbf, 0xa8, 0xba, 0xc5, 0x0a, 0x31]);
  expect(await readText(new Blob([gbk]))).toBe("卡号\n1");
  expect(await readText(new Blob(["\ufeff卡号"]))).toBe("卡号");
});
