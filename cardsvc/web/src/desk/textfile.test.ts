import { expect, it } from "vitest";
import { decoded, readText } from "./textfile.ts";

it("reads the encoding that spreadsheets of this country still write", async () => {
  const gbk = new Uint8Array([0xbf, 0xa8, 0xba, 0xc5, 0x0a, 0x31]);
  expect(await readText(new Blob([gbk]))).toBe("卡号\n1");
  expect(await readText(new Blob(["\ufeff卡号"]))).toBe("卡号");
  expect(await decoded(new Blob([gbk]))).toEqual({ text: "卡号\n1", encoding: "gb18030" });
  expect(await decoded(new Blob(["José"]))).toEqual({ text: "José", encoding: "utf-8" });
});

it("takes no text in which letters would be lost, and still finds the numbers of a list", async () => {
  // José,4417092633585 as Western Windows writes it.
  const latin = new Uint8Array([0x4a, 0x6f, 0x73, 0xe9, ...new TextEncoder().encode(",4417092633585")]);
  expect(await decoded(new Blob([latin]))).toBeNull();
  expect((await readText(new Blob([latin]))).split(",")[1]).toBe("4417092633585");
});
