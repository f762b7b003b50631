/**
 * Run by Node: other people's libraries read what stands on stdin, as ../peer.py's do.
 *
 * Base45 by base45-js, COSE and its signature by @auth0/cose (with jose), claims by cbor-x.
 */
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { Sign1 } from "@auth0/cose";
import base45 from "base45-js";
import { decode } from "cbor-x";
import { importJWK } from "jose";

const ALGORITHMS = { [-7]: "ES256", [-8]: "EdDSA" };
const ISSUER = 1;
const SUBJECT = 2;
const EXPIRES = 4;

function coseOf({ text, cose }) {
  return cose === undefined ? inflateSync(base45.decode(text)) : Buffer.from(cose, "hex");
}

function jwkOf(algorithm, raw) {
  const part = (from, to) => raw.subarray(from, to).toString("base64url");
  if (algorithm === -8) return { kty: "OKP", crv: "Ed25519", x: part(0, 32) };
  return { kty: "EC", crv: "P-256", x: part(1, 33), y: part(33, 65) };
}

async function read({ algorithm, key, ...message }) {
  const signed = Sign1.decode(coseOf(message));
  const name = ALGORITHMS[algorithm];
  await signed.verify(await importJWK(jwkOf(algorithm, Buffer.from(key, "hex")), name));
  const claims = decode(signed.payload);
  const get = (label) => (claims instanceof Map ? claims.get(label) : claims[label]);
  return { iss: get(ISSUER), sub: get(SUBJECT), exp: get(EXPIRES) };
}

const answer = await read(JSON.parse(readFileSync(0, "utf-8"))).then(
  (claims) => ({ ok: true, claims }),
  (error) => ({ ok: false, error: `${error.name}: ${error.message}` }),
);
process.stdout.write(JSON.stringify(answer));
