/**
 * The reader as a command: one JSON request a line on standard input, one JSON answer a line on standard output,
 * in order. It is how the tests hold this reader against the one in Python, and how a kit of conformance drives
 * it. Bytes are hexadecimal, times epoch seconds. What is refused is answered `{"reason", "kind", "words"}`.
 */
import process from "node:process";
import { createInterface } from "node:readline";

import { fromHex, hex } from "./bytes.ts";
import type { Bytes } from "./bytes.ts";
import { decodeCard } from "./card.ts";
import { Float, Simple, decode } from "./cbor.ts";
import type { Item } from "./cbor.ts";
import { mapping } from "./claims.ts";
import { PublicKey, checkPublic, decodeSign, decodeSign1, fits, headers, sign1Tbs, signTbs } from "./cose.ts";
import { ReaderError } from "./errors.ts";
import { decodeIdentity } from "./identity.ts";
import { SeenInMemory } from "./seen.ts";
import { SIGNATURE_BYTES, library, platform, verifyEd25519, verifyP256 } from "./signature.ts";
import { pin, stateFromJson, stateToJson } from "./state.ts";
import type { TrustState } from "./state.ts";
import { decodeStatus, inflateList } from "./status.ts";
import { base45Decode, decodeText, inflate } from "./text.ts";
import { accept } from "./trust.ts";
import type { Role } from "./verdict.ts";
import { Verifier } from "./verifier.ts";

type Request = Readonly<Record<string, unknown>>;
type Operation = (request: Request) => unknown;

const states = new Map<string, TrustState>();
const readers = new Map<string, Verifier>();

const OPERATIONS: Readonly<Record<string, Operation>> = {
  /** Make a reader that was given a root document by hand, or has a memory from before. */
  pin: async (request) => {
    const { issuer, venue } = request as { issuer?: string; venue?: string };
    const state = request["state"]
      ? await stateFromJson(text(request, "state"))
      : await pin(bytes(request, "root"), number(request, "now"), { ...(issuer && { issuer }), ...(venue && { venue }) });
    states.set(text(request, "reader"), state);
    return { state: stateToJson(state) };
  },
  /** Give it a bundle. `role` and the seen phone codes begin afresh. */
  accept: async (request) => {
    const name = text(request, "reader");
    const before = states.get(name);
    if (before === undefined) throw new TypeError(`no reader is called ${name}`);
    const issued = ((request["issued"] ?? []) as string[]).map(fromHex);
    const { state, trust } = await accept(before, bytes(request, "bundle"), number(request, "now"), issued);
    const role = (request["role"] ?? "gate") as Role;
    readers.set(name, new Verifier(trust, { role, seen: new SeenInMemory() }));
    states.set(name, state);
    return { state: stateToJson(state) };
  },
  judge: (request) => {
    const reader = readers.get(text(request, "reader"));
    if (reader === undefined) throw new TypeError("this reader has accepted no bundle");
    const proof = request["chip_proof"] as Record<string, string> | null | undefined;
    const challenge = request["challenge"] as Record<string, string> | null | undefined;
    return reader.judge(
      {
        code: "text" in request ? text(request, "text") : bytes(request, "cose"),
        service: (request["service"] ?? null) as number | null,
        direction: (request["direction"] ?? "in") as "in" | "out",
        tagUid: request["tag_uid"] ? bytes(request, "tag_uid") : null,
        chipProof: proof
          ? {
              key: fromHex(proof["key"]!),
              challenge: fromHex(proof["challenge"]!),
              signature: fromHex(proof["signature"]!),
              tookS: Number(proof["took_s"] ?? 0),
            }
          : null,
        challenge: challenge
          ? { nonce: fromHex(challenge["nonce"]!), audience: challenge["audience"]!, shownAt: Number(challenge["shown_at"]) }
          : null,
      },
      number(request, "now"),
    );
  },
  // The layers by themselves, for vectors of others.
  base45: (request) => hex(base45Decode(text(request, "text"))),
  text: async (request) => hex(await decodeText(text(request, "text"))),
  inflate: async (request) => hex(await inflate(bytes(request, "data"), number(request, "limit"))),
  cbor: (request) => render(decode(bytes(request, "data"))),
  sign1: (request) => {
    const { protectedBytes, payload, signature, unprotected } = decodeSign1(bytes(request, "data"));
    return [hex(protectedBytes), hex(payload), hex(signature), render(unprotected)];
  },
  sign: (request) => {
    const { protectedBytes, payload, signers } = decodeSign(bytes(request, "data"));
    return [hex(protectedBytes), hex(payload), signers.map((one) => [hex(one.protectedBytes), hex(one.signature)])];
  },
  headers: (request) => {
    const head = headers(bytes(request, "data"));
    return [head.algorithm === null ? null : String(head.algorithm), head.kid && hex(head.kid), head.typ];
  },
  sign1_tbs: (request) =>
    hex(sign1Tbs(bytes(request, "protected"), bytes(request, "payload"), bytes(request, "external"))),
  sign_tbs: (request) =>
    hex(
      signTbs(
        bytes(request, "protected"),
        bytes(request, "signer"),
        bytes(request, "payload"),
        bytes(request, "external"),
      ),
    ),
  fits: (request) => fits(key(request), request["header"] === null ? null : number(request, "header")),
  check_public: (request) => checkPublic(key(request)) ?? null,
  /** `by`: WebCrypto (`platform`) or `library`; both must say the same of every signature. */
  verify: async (request) => {
    const [public_, message, signature] = [key(request), bytes(request, "message"), bytes(request, "signature")];
    if (signature.length !== SIGNATURE_BYTES) return false;
    const verify = public_.algorithm === -8 ? verifyEd25519 : verifyP256;
    const one = await verify(public_.raw, message, signature, platform);
    const other = await verify(public_.raw, message, signature, library);
    if (one !== other) throw new TypeError(`platform says ${one}, library ${other}`);
    return one;
  },
  identity: (request) => {
    const { photo, unknown, ...rest } = decodeIdentity(decode(bytes(request, "data")));
    return { ...rest, photo: photo && hex(photo), unknown: render(unknown) };
  },
  card: (request) => decodeCard(mapping(decode(bytes(request, "data")), "the payload")).number,
  status: async (request) => {
    const { uri, iat, exp, ttl, bits, data } = await decodeStatus(bytes(request, "data"));
    return { uri, iat, exp, ttl, bits, data: hex(data) };
  },
  inflate_list: async (request) => hex(await inflateList(number(request, "bits"), bytes(request, "data"), "a list")),
};

function text(request: Request, member: string): string {
  const value = request[member];
  if (typeof value !== "string") throw new TypeError(`${member}: expected text`);
  return value;
}

function number(request: Request, member: string): number {
  const value = request[member];
  if (typeof value !== "number") throw new TypeError(`${member}: expected a number`);
  return value;
}

function bytes(request: Request, member: string): Bytes {
  return fromHex(text(request, member));
}

function key(request: Request): PublicKey {
  return new PublicKey(number(request, "algorithm"), bytes(request, "key"));
}

/** A CBOR item as JSON that loses nothing. */
function render(item: Item): unknown {
  if (typeof item === "number" || typeof item === "bigint") return ["i", String(item)];
  if (typeof item === "string") return ["t", item];
  if (item === null || typeof item === "boolean") return item;
  if (item instanceof Uint8Array) return ["b", hex(item)];
  if (item instanceof Simple) return ["s", item.value];
  if (Array.isArray(item)) return ["a", item.map(render)];
  if (!(item instanceof Float)) return ["m", Array.from(item, ([name, value]) => [render(name), render(value)])];
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, item.value);
  return ["f", hex(new Uint8Array(view.buffer))];
}

async function answer(line: string): Promise<unknown> {
  const request = JSON.parse(line) as Request;
  const operation = OPERATIONS[text(request, "op")];
  if (operation === undefined) throw new TypeError(`no operation is called ${text(request, "op")}`);
  try {
    return { result: await operation(request) };
  } catch (error) {
    if (!(error instanceof ReaderError)) throw error;
    return { reason: error.reason, kind: error.name, words: error.message };
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
}
