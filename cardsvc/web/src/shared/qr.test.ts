import { readFileSync } from "node:fs";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { describe, expect, it } from "vitest";
import { MAX_VERSION, qr } from "./qr.ts";

const wasm = new URL("../../node_modules/zxing-wasm/dist/reader/zxing_reader.wasm", import.meta.url);
prepareZXingModule({ overrides: { wasmBinary: new Uint8Array(readFileSync(wasm)).buffer } });

/** The code as a picture that somebody else's reader gets: four pixels a module, four modules of quiet. */
function picture(modules: ReturnType<typeof qr>): ImageData {
  const scale = 4;
  const side = (modules.length + 8) * scale;
  const data = new Uint8ClampedArray(4 * side * side).fill(255);
  modules.forEach((row, y) =>
    row.forEach((dark, x) => {
      if (!dark) return;
      for (let at = 0; at < scale * scale; at++) {
        const first = 4 * (((y + 4) * scale + Math.floor(at / scale)) * side + (x + 4) * scale + (at % scale));
        data.fill(0, first, first + 3);
      }
    }),
  );
  return { data, width: side, height: side, colorSpace: "srgb" } as ImageData;
}

describe("codes on a phone's screen", () => {
  // Every version's edge: 1 to 9 count with 9 bits, from 10 on with 11; from 7 on they name their version.
  it.each([1, 20, 21, 90, 91, 128, 262, 263, 311, 366, 502, 597, 672, 816])("%i characters are read back", async (length) => {
    const text = Array.from({ length }, (_, at) => "6BF0 $%*+-./:ZQ7"[(at * 7) % 16]).join("");
    const [found] = await readBarcodes(picture(qr(text)), { formats: ["QRCode"], tryHarder: true });
    expect(found?.text).toBe(text);
    expect(found?.ecLevel).toBe("M");
  });

  it("are refused where no phone would show them well, or another alphabet is needed", () => {
    expect(qr("A".repeat(816)).length).toBe(17 + 4 * MAX_VERSION);
    expect(() => qr("A".repeat(817))).toThrow(RangeError);
    expect(() => qr("lower")).toThrow(RangeError);
  });
});
