/** The service as a phone speaks to it, and its clock: the only place of this page that fetches. */
import { signal } from "@preact/signals";
import { proof } from "./code.ts";
import { get, put } from "./store.ts";

/** The service said no, with a stable reason. */
export class Refusal extends Error {
  constructor(
    readonly reason: string,
    readonly problem: Readonly<Record<string, unknown>> = {},
  ) {
    super(reason);
  }
}
/** There was no answer: worth another try. */
export class Unreachable extends Error {}

export const online = signal(true);

const STALE = "stale_proof";
const OFFSET = "offset";
/** The service's clock minus this phone's, in seconds: a phone whose clock is wrong shows good codes all the same. */
const offset = signal(0);
const local = (): number => Date.now() / 1000;

/** The service's time as this phone knows it, in epoch seconds. */
export const now = (): number => Math.floor(local() + offset.value);

export async function startClock(): Promise<void> {
  offset.value = (await get<number>("choices", OFFSET)) ?? 0;
}

/** Learn the service's time from an answer that says it. */
export async function learnTime(time: number): Promise<void> {
  offset.value = time - local();
  await put("choices", OFFSET, offset.value);
}

export const post = <Answer>(path: string, body: unknown): Promise<Answer> =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const look = <Answer>(path: string): Promise<Answer> => call(path, {});

/** A call that a phone's key signs for `act`; once more on the service's time where this clock was wrong. */
export async function proved<Answer>(keys: CryptoKeyPair, path: string, act: string, more: object = {}): Promise<Answer> {
  try {
    return await post<Answer>(path, { ...(await proof(keys, act, now())), ...more });
  } catch (error) {
    if (!(error instanceof Refusal) || error.reason !== STALE) throw error;
    await learnTime((await look<{ time: number }>("time")).time);
    return post<Answer>(path, { ...(await proof(keys, act, now())), ...more });
  }
}

async function call<Answer>(path: string, request: RequestInit): Promise<Answer> {
  let answer: Response;
  let said: unknown;
  try {
    answer = await fetch(`/api/holder/${path}`, request);
    // What is cut off, or comes from a network that wants a sign-in of its own, is no answer of the service.
    said = await answer.json();
  } catch {
    online.value = false;
    throw new Unreachable("no network");
  }
  // A service that is ill is as far away as one that does not answer.
  online.value = answer.status < 500;
  if (!online.value) throw new Unreachable(`the service answers ${answer.status}`);
  if (answer.ok) return said as Answer;
  const problem = said as Readonly<Record<string, unknown>>;
  throw new Refusal(String(problem["reason"]), problem);
}
