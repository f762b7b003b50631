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

/**
 * Learn the service's time from an answer that says it. It was said at some instant since `asked`: one that came over a
 * slow line, or lay unread while the phone slept, says no more than that.
 */
async function learnTime(said: unknown, asked: number): Promise<void> {
  const time = (said as { readonly time?: unknown } | null)?.time;
  if (typeof time !== "number") return;
  const [least, most] = [time - local(), time + 1 - asked]; // A second of the service's has many instants.
  const learnt = Math.max(least, Math.min(most, offset.value));
  if (learnt === offset.value) return;
  offset.value = learnt;
  await put("choices", OFFSET, learnt).catch(() => undefined); // The frame says that; the answer counts all the same.
}

export const post = <Answer>(path: string, body: unknown): Promise<Answer> =>
  call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

export const look = <Answer>(path: string): Promise<Answer> => call(path, {});

/** Set this phone's clock by the service's; every other answer that says the time does so on its way. */
export const askTime = (): Promise<unknown> => look("time");

/** A call that a phone's key signs for `act`; once more on the service's time where this clock was wrong. */
export async function proved<Answer>(keys: CryptoKeyPair, path: string, act: string, more: object = {}): Promise<Answer> {
  try {
    return await post<Answer>(path, { ...(await proof(keys, act, now())), ...more });
  } catch (error) {
    if (!(error instanceof Refusal) || error.reason !== STALE) throw error;
    await askTime();
    return post<Answer>(path, { ...(await proof(keys, act, now())), ...more });
  }
}

async function call<Answer>(path: string, request: RequestInit): Promise<Answer> {
  const asked = local();
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
  if (answer.ok) {
    await learnTime(said, asked);
    return said as Answer;
  }
  const problem = said as Readonly<Record<string, unknown>>;
  throw new Refusal(String(problem["reason"]), problem);
}
