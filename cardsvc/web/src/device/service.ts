/** The service as an enrolled browser sees it: enrolment, tokens, bundles, month keys, records (docs/readers.md). */
import type { Bytes } from "../reader/bytes.ts";
import { hex } from "../reader/bytes.ts";
import { Refused, Unchecked, malformed } from "../reader/errors.ts";
import { MAX_BUNDLE_BYTES } from "../reader/trust.ts";
import type { Role } from "../reader/verdict.ts";
import type { Acknowledged, Batch } from "./journal.ts";
import type { DeviceKeys } from "./keys.ts";
import { base64url } from "./keys.ts";
import type { SealedMonth } from "./months.ts";

const ENROL_TYP = "cardsvc-enrol+jwt";
const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/** An assertion is used at once; five minutes allow for clocks that differ. */
const ASSERTION_LIFE_S = 300;
/** A token is asked for anew this long before it runs out, so that none runs out on the way. */
const TOKEN_MARGIN_S = 30;
/** An exchange that takes longer is cut off: it is tried again later. */
const DEADLINE_MS = 120_000;
const MAX_ANSWER_BYTES = 1 << 20;
const JTI_BYTES = 16;

/** What the service calls this device, where it stands, and how much of a card it may show. */
export interface Enrolment {
  readonly url: string;
  readonly reader: string;
  readonly venue: string;
  readonly profile: Role;
}
const ROLES: readonly Role[] = ["gate", "desk", "seller", "police"];

interface Answered {
  readonly status: number;
  readonly body: Bytes;
  readonly etag: string | null;
}

/**
 * Offer the device's public keys for a one-time code, with proof that it holds the private ones. The same code and
 * keys again get the same answer, so that a cut line does no harm. Throws `enrolment_refused`, `unreachable`.
 */
export async function enrol(url: string, code: string, keys: DeviceKeys, now: number): Promise<Enrolment> {
  const claims = { aud: url, iat: now, jti: random(), code, jwk: keys.jwk, seal: base64url(keys.sealPublic) };
  const body = JSON.stringify({ code, proof: await keys.jws(claims, ENROL_TYP) });
  const answer = await ask(`${url}/api/v1/readers/enrol`, { method: "POST", headers: JSON_BODY, body });
  if (answer.status !== 201) throw saidNo(answer, "enrolment_refused");
  const said = object(answer);
  const profile = ROLES.find((role) => role === said["profile"]);
  if (profile === undefined) throw malformed("the service's answer: expected a reader's profile");
  return { url, reader: text(said["reader"]), venue: text(said["venue"]), profile };
}

/** One enrolled reader's side of the service. */
export class Service {
  readonly #base: string;
  #token: string | null = null;
  #goodUntil = 0;

  /** `clock` dates assertions (epoch seconds); tokens are aged by the browser's uptime, whatever the clock does. */
  constructor(
    private readonly enrolment: Enrolment,
    private readonly keys: DeviceKeys,
    private readonly clock: () => number,
  ) {
    this.#base = `${enrolment.url}/api/v1/readers/${encodeURIComponent(enrolment.reader)}`;
  }

  /** The venue's bundle and its ETag; `bundle` is null where it is the one that `etag` names. */
  async bundle(etag: string | null): Promise<{ readonly bundle: Bytes | null; readonly etag: string | null }> {
    const headers = { Accept: "application/cardsvc-bundle+cose", ...(etag === null ? {} : { "If-None-Match": etag }) };
    const answer = await this.#authorised("/bundle", { headers }, MAX_BUNDLE_BYTES);
    if (answer.status === 304 && etag !== null) return { bundle: null, etag };
    if (answer.status !== 200) throw saidNo(answer, "service_refused");
    return { bundle: answer.body, etag: answer.etag };
  }

  /** The pseudonym keys of this venue, each still sealed to the device. */
  async monthKeys(): Promise<readonly SealedMonth[]> {
    const answer = await this.#authorised("/month-keys", {});
    if (answer.status !== 200) throw saidNo(answer, "service_refused");
    return list(object(answer)["keys"]).map((key) => ({ month: whole(key["month"]), sealed: text(key["sealed"]) }));
  }

  /** Send records; gives what became of each. When it throws, nothing is known, and all is sent again. */
  async upload(batch: Batch): Promise<readonly Acknowledged[]> {
    const answer = await this.#authorised("/records", { method: "POST", headers: JSON_BODY, body: JSON.stringify(batch) });
    if (answer.status !== 200) throw saidNo(answer, "service_refused");
    return list(object(answer)["answers"]).map((one) => ({ seq: whole(one["seq"]), answer: text(one["answer"]) }));
  }

  /** Another address of the service, as this reader: for what a page asks beyond the wire of all readers. */
  authorised(path: string, init: RequestInit): Promise<Answered> {
    return this.#authorised(path, init, MAX_ANSWER_BYTES, this.enrolment.url);
  }

  /** With a token; once more with a new one where the service no longer takes the old. */
  async #authorised(path: string, init: RequestInit, limit = MAX_ANSWER_BYTES, base = this.#base): Promise<Answered> {
    const once = async (fresh: boolean): Promise<Answered> => {
      const headers = { ...(init.headers as Record<string, string>), Authorization: `Bearer ${await this.#bearer(fresh)}` };
      return ask(base + path, { ...init, headers }, limit);
    };
    const answer = await once(false);
    return answer.status === 401 ? once(true) : answer;
  }

  /** An access token by client credentials with `private_key_jwt` (RFC 7523). */
  async #bearer(fresh: boolean): Promise<string> {
    const uptime = performance.now() / 1000;
    if (this.#token !== null && !fresh && uptime < this.#goodUntil) return this.#token;
    const { url, reader } = this.enrolment;
    const [now, aud] = [this.clock(), `${url}/oauth/token`];
    const claims = { iss: reader, sub: reader, aud, iat: now, exp: now + ASSERTION_LIFE_S, jti: random() };
    const body = new URLSearchParams({
      grant_type: "client_credentials",
      client_assertion_type: ASSERTION,
      client_assertion: await this.keys.jws(claims, "JWT"),
    });
    const answer = await ask(aud, { method: "POST", body });
    if (answer.status !== 200) throw saidNo(answer, "service_refused");
    const said = object(answer);
    this.#token = text(said["access_token"]);
    this.#goodUntil = uptime + whole(said["expires_in"]) - TOKEN_MARGIN_S;
    return this.#token;
  }
}

const JSON_BODY = { "Content-Type": "application/json" };

/** What anybody may fetch: the root document, to be compared by a person. */
export async function fetchRoot(url: string): Promise<Bytes> {
  const answer = await ask(`${url}/trust/root`, {});
  if (answer.status !== 200) throw saidNo(answer, "service_refused");
  return answer.body;
}

/** One exchange: no cookie, no cache, no redirect, bounded in size and time. `unreachable`, `too_large`. */
async function ask(address: string, init: RequestInit, limit = MAX_ANSWER_BYTES): Promise<Answered> {
  const rules: RequestInit = { cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer" };
  try {
    const response = await fetch(address, { ...rules, ...init, signal: AbortSignal.timeout(DEADLINE_MS) });
    return { status: response.status, body: await bodyOf(response, limit), etag: response.headers.get("ETag") };
  } catch (error) {
    if (error instanceof Unchecked) throw error;
    throw new Unchecked("unreachable", `${new URL(address).pathname}: no answer (${String(error)})`);
  }
}

/** The body, cut off where it grows beyond `limit`. */
async function bodyOf(response: Response, limit: number): Promise<Bytes> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const stream = response.body?.getReader();
  for (let part = await stream?.read(); part?.value !== undefined; part = await stream?.read()) {
    size += part.value.length;
    if (size > limit) {
      await stream?.cancel();
      throw new Unchecked("too_large", `the answer has more than ${limit} bytes`);
    }
    parts.push(part.value);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

function random(): string {
  return hex(crypto.getRandomValues(new Uint8Array(JTI_BYTES)));
}

function object({ body }: Answered): Record<string, unknown> {
  try {
    const said: unknown = JSON.parse(new TextDecoder().decode(body));
    if (typeof said === "object" && said !== null) return said as Record<string, unknown>;
  } catch {
    // No JSON is as good as no object.
  }
  throw malformed("the service's answer: expected an object");
}

function list(value: unknown): readonly Record<string, unknown>[] {
  if (!Array.isArray(value)) throw malformed("the service's answer: expected an array");
  return value as Record<string, unknown>[];
}

function text(value: unknown): string {
  if (typeof value !== "string" || value === "") throw malformed("the service's answer: expected text");
  return value;
}

function whole(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw malformed("the service's answer: expected an integer");
  return value;
}

/** What a refusal says for itself (RFC 9457), in few words; 5xx and 429 are no word on us. */
function saidNo(answer: Answered, reason: string): Refused | Unchecked {
  let words = "without words";
  try {
    const said = object(answer);
    words = String(said["detail"] ?? said["error"] ?? words).slice(0, 200);
  } catch {
    // A proxy's page instead of the service's words.
  }
  const told = `the service answered ${answer.status}: ${words}`;
  return answer.status === 429 || answer.status >= 500 ? new Unchecked("unreachable", told) : new Refused(reason, told);
}
