/**
 * QR codes (ISO/IEC 18004) as screens show them: error correction M, the smallest version that holds the text.
 *
 * Drawn without WebAssembly: these pages compile nothing, and their content security policy allows nothing of the
 * kind.
 */
import { encode } from "uqr";

/** docs/format.md section 6: larger codes are not read from a phone's screen. */
export const MAX_VERSION = 18;
/** What alphanumeric mode can say; anything else makes a larger code in another mode. */
const ALPHANUMERIC = /^[0-9A-Z $%*+\-./:]*$/;

/** Rows of modules, true is dark; without the quiet zone of four modules. */
export type Modules = readonly (readonly boolean[])[];

/** The code of a card; throws a RangeError for characters of no code of ours, and for more than a phone can show. */
export function qr(text: string): Modules {
  if (!ALPHANUMERIC.test(text)) throw new RangeError("a code holds the characters of Base45 alone");
  return anyQr(text);
}

/** Any text, an address for instance; throws a RangeError for more of it than a screen can show. */
export function anyQr(text: string): Modules {
  return encode(text, { ecc: "M", boostEcc: false, maxVersion: MAX_VERSION, border: 0 }).data;
}
