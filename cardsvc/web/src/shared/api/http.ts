/** The one way to the service: JSON in and out, every failure one of two classes. */

export interface FieldProblem {
  readonly field: string;
  readonly reason: string;
  readonly words: string;
}

/** The service answered, and said no (RFC 9457). `extra` holds what this reason adds. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    readonly fields: readonly FieldProblem[] = [],
    readonly extra: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = "Problem";
  }
}

/** No answer came: no network, or the service is being started again. Worth another try. */
export class Unreachable extends Error {
  constructor() {
    super("no answer");
    this.name = "Unreachable";
  }
}

/** The service wants a fresh proof of who is there; resolves once it has one. */
let onStepUp: () => Promise<void> = () => Promise.reject(new Error("nobody can step up here"));

export function whenStepUp(prove: () => Promise<void>): void {
  onStepUp = prove;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A gateway says these while the service behind it starts; nothing was done. */
const NOT_NOW = [502, 503, 504];

let onSignedOut: () => void = () => undefined;

/** Who is told when the service no longer knows the session. */
export function whenSignedOut(tell: () => void): void {
  onSignedOut = tell;
}

export async function call<T>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  const request: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store" };
  if (signal) request.signal = signal;
  if (body instanceof FormData) request.body = body;
  else if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let answer = await reached(path, request);
  if (answer.status === 403) {
    const problem = await problemOf(answer);
    if (problem.reason !== "step_up_needed") throw problem;
    await onStepUp();
    answer = await reached(path, request);
  }
  if (!answer.ok) throw await problemOf(answer);
  if (answer.status === 204) return undefined as T;
  const type = answer.headers.get("Content-Type") ?? "";
  if (type.includes("json")) return whole<T>(answer.json());
  if (type.startsWith("text/plain")) return whole(answer.text() as Promise<T>);
  // A page, of something that stands between: the service sends none to this call.
  throw new Unreachable();
}

/** What comes from the service, to its last letter; cut off on the way, it is no answer. */
async function whole<T>(coming: Promise<T>): Promise<T> {
  try {
    return await coming;
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === "AbortError") throw failure;
    throw new Unreachable();
  }
}

async function reached(path: string, request: RequestInit): Promise<Response> {
  const answer = await whole(fetch(path, request));
  if (NOT_NOW.includes(answer.status)) throw new Unreachable();
  return answer;
}

async function problemOf(answer: Response): Promise<Problem> {
  let told: Record<string, unknown> = {};
  try {
    told = (await answer.json()) as Record<string, unknown>;
  } catch {
    // Not every refusal carries a body; the status says enough.
  }
  const reason = typeof told["reason"] === "string" ? told["reason"] : `http_${answer.status}`;
  const words = told["detail"] ?? told["title"];
  const fields = Array.isArray(told["fields"]) ? (told["fields"] as FieldProblem[]) : [];
  if (answer.status === 401 && reason === "not_signed_in") onSignedOut();
  return new Problem(answer.status, reason, typeof words === "string" ? words : reason, fields, told);
}

/** `?a=1&b=2` without what is empty. */
export function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text && `?${text}`;
}
