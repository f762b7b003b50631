/**
 * The parts of a browser's reader that have an exact form, as a command: one JSON request a line, one answer a line.
 * The tests hold them against PyNaCl and the reader in Python. Bytes are hexadecimal.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { x25519 } from "@noble/curves/ed25519.js";
import { fromHex, hex } from "../reader/bytes.ts";
import { ReaderError } from "../reader/errors.ts";
import { seal, unseal } from "./box.ts";
import { DeviceKeys, makeKeys, wrappedSealKey } from "./keys.ts";
import type { Entry } from "./records.ts";
import { CHECKPOINT_TYP, checkpointPayload, encodeRecord, recordHash } from "./records.ts";

type Request = Readonly<Record<string, string>>;
type Operation = (request: Request) => Promise<unknown>;

let keys: DeviceKeys | null = null;

function device(): DeviceKeys {
  if (keys === null) throw new TypeError("make keys first");
  return keys;
}

function bytes(request: Request, name: string): ReturnType<typeof fromHex> {
  return fromHex(String(request[name]));
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  seal: async (request) => hex(seal(bytes(request, "data"), bytes(request, "to"))),
  unseal: async (request) => {
    const secret = bytes(request, "secret");
    const opener = {
      publicKey: Uint8Array.from(x25519.getPublicKey(secret)),
      agree: async (other: Uint8Array) => Uint8Array.from(x25519.getSharedSecret(secret, other)),
    };
    return hex(await unseal(bytes(request, "sealed"), opener));
  },
  /** New keys; `old`: as in a browser without X25519. */
  keys: async (request) => {
    const made = await makeKeys();
    keys = new DeviceKeys(request["old"] === undefined ? made : { ...made, ...(await wrappedSealKey()) });
    return { jwk: keys.jwk, seal: hex(keys.sealPublic), fingerprint: keys.fingerprint };
  },
  jws: async (request) => device().jws(JSON.parse(String(request["claims"])), String(request["typ"])),
  open: async (request) => hex(await device().unseal(bytes(request, "sealed"))),
  record: async (request) => {
    const { place, entry } = JSON.parse(String(request["record"])) as { place: Parameters<typeof encodeRecord>[0]; entry: Entry };
    const who = entry.who === null ? null : fromHex(String(entry.who));
    const before = fromHex(String(place.before));
    const encoded = encodeRecord({ ...place, before }, { ...entry, who });
    return { encoded: hex(encoded), hash: hex(recordHash(encoded)) };
  },
  checkpoint: async (request) => {
    const payload = checkpointPayload(String(request["device"]), Number(request["seq"]), Number(request["time"]), bytes(request, "hash"));
    return hex(await device().sign1(payload, CHECKPOINT_TYP));
  },
};

async function answer(line: string): Promise<string> {
  const request = JSON.parse(line) as Request;
  try {
    return JSON.stringify({ result: await OPERATIONS[String(request["op"])]!(request) });
  } catch (error) {
    if (!(error instanceof ReaderError)) throw error;
    return JSON.stringify({ reason: error.reason, kind: error.name, words: error.message });
  }
}

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) process.stdout.write(`${await answer(line)}\n`);
