/** The text of a printed code: Base45 and zlib (RFC 9285, RFC 1950; docs/format.md section 1). */
import type { Bytes } from "./bytes.ts";
import { Refused, malformed } from "./errors.ts";

/** The most a QR code can hold in alphanumeric mode (version 40-L, ISO/IEC 18004). */
export const MAX_TEXT = 4296;
/** No card comes near; a bomb stops here, counted while inflating. */
export const MAX_INFLATED = 64 * 1024;
/** So much is inflated before the output is counted again: at most 1032 times as much comes out (RFC 1951). */
const SLICE_BYTES = 4096;

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
/** How a zlib stream of level 9 and of level 6 begins in Base45; any other text is somebody else's code. */
const RECOGNISED = ["NCF", "6BF"];
const VALUES = new Map(Array.from(ALPHABET, (symbol, value) => [symbol, value]));

/**
 * The text of a QR code to COSE bytes.
 *
 * Refused as `not_ours` if it never was one of these codes, as `malformed` if it is a damaged one.
 */
export async function decodeText(text: string): Promise<Bytes> {
  if (!RECOGNISED.some((start) => text.startsWith(start))) {
    throw new Refused("not_ours", "the text does not begin like a card; it is a code of another kind");
  }
  const size = Array.from(text).length;
  if (size > MAX_TEXT) throw malformed(`${size} characters, more than the ${MAX_TEXT} of any QR code`);
  return inflate(base45Decode(text), MAX_INFLATED);
}

/** Strict Base45: refused are other characters, groups above 65535 and a single trailing character. */
export function base45Decode(text: string): Bytes {
  const values = Array.from(text, (symbol) => {
    const value = VALUES.get(symbol);
    if (value === undefined) throw malformed("a character outside the Base45 alphabet");
    return value;
  });
  const rest = values.length % 3;
  if (rest === 1) throw malformed("a single trailing character");
  const data = new Uint8Array(Math.floor(values.length / 3) * 2 + (rest ? 1 : 0));
  let at = 0;
  for (let i = 0; i + 2 < values.length; i += 3) {
    const group = values[i]! + 45 * values[i + 1]! + 2025 * values[i + 2]!;
    if (group > 0xffff) throw malformed("a group of three characters above 65535");
    data[at++] = group >> 8;
    data[at++] = group & 0xff;
  }
  if (rest) {
    const last = values.at(-2)! + 45 * values.at(-1)!;
    if (last > 0xff) throw malformed("a last group of two characters above 255");
    data[at] = last;
  }
  return data;
}

/** Inflate one whole zlib stream to at most `limit` bytes; nothing may follow it. */
export async function inflate(data: Bytes, limit: number): Promise<Bytes> {
  const plain = await run(data, limit);
  if (plain === null) throw malformed("not one whole zlib stream");
  if (plain.length > limit) throw malformed(`inflates to more than ${limit} bytes`);
  // The standard of compression streams refuses bytes behind the end; Node's inflater passes over them.
  if (await passesOverTrailingBytes()) {
    if ((await run(data.slice(0, -1), limit)) !== null) throw malformed("bytes follow the zlib stream");
  }
  return plain;
}

let lenient: Promise<boolean> | undefined;

/** Whether this platform's inflater takes a stream with a byte behind its end; asked once. */
function passesOverTrailingBytes(): Promise<boolean> {
  const emptyStreamAndOneByte = Uint8Array.of(0x78, 0xda, 0x03, 0, 0, 0, 0, 1, 0x55);
  lenient ??= run(emptyStreamAndOneByte, 1).then((plain) => plain !== null);
  return lenient;
}

/** What inflates, cut off soon after `limit`; null where it is no whole stream. */
async function run(data: Bytes, limit: number): Promise<Bytes | null> {
  const stream = new DecompressionStream("deflate");
  const writer = stream.writable.getWriter();
  const reader = (stream.readable as ReadableStream<Bytes>).getReader();
  const write = async (): Promise<void> => {
    for (let at = 0; at < data.length; at += SLICE_BYTES) {
      await writer.ready;
      await writer.write(data.subarray(at, at + SLICE_BYTES));
    }
    await writer.close();
  };
  // A stream that fails fails at both ends; the reading end alone reports it.
  const writing = write().catch(() => undefined);
  const chunks: Bytes[] = [];
  let size = 0;
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      chunks.push(step.value);
      size += step.value.length;
      if (size > limit) break;
    }
  } catch {
    return null;
  }
  if (size > limit) void reader.cancel().catch(() => undefined);
  else await writing;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
