/** What a phone shows is read, whatever its browser can do. */
import { afterEach, expect, it, vi } from "vitest";
import type { Bytes } from "../reader/bytes.ts";
import { decode } from "../reader/cbor.ts";
import { decodeSign1 } from "../reader/cose.ts";
import { decodeText } from "../reader/text.ts";
import { qr } from "../shared/qr.ts";
import { makeKey, phoneCode } from "./code.ts";

/** As large as a token can be: fourteen services, each with a last day. Around it the answer to a reader. */
const TOKEN: Bytes = crypto.getRandomValues(new Uint8Array(359));
const BESIDES = { challenge: { nonce: new Uint8Array(16), audience: "library-door-012" } };

afterEach(() => vi.unstubAllGlobals());

it.each(["a browser that compresses", "a browser that does not"])("a code of %s is read, and fits a screen", async (browser) => {
  const { privateKey } = await makeKey();
  if (browser.endsWith("not")) vi.stubGlobal("CompressionStream", undefined);
  const text = await phoneCode(privateKey, TOKEN, 1_800_000_000, BESIDES);
  expect(qr(text).length).toBeLessThanOrEqual(17 + 4 * 18);
  const claims = decode(decodeSign1(await decodeText(text)).payload) as Map<number, unknown>;
  expect([claims.get(6), claims.get(-70002)]).toEqual([1_800_000_000, TOKEN]);
});
