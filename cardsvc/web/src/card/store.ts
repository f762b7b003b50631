/**
 * What this phone keeps, in one database of this page's own: cards and their keys, applications that were not sent
 * yet, and a few choices. A key lies there as the browser's own object: nobody can read it out, this page included.
 */
import { signal } from "@preact/signals";

const NAME = "card";
const VERSION = 2;
const STORES = ["cards", "applications", "choices"] as const;
export type StoreName = (typeof STORES)[number];

/** The phone had no room, or lets this page keep nothing; the frame says so, on every screen. */
export class Unkept extends Error {}

/** What was read or written last without success, and not since with any. */
const failing = signal<ReadonlySet<string>>(new Set());
export const fails = (): boolean => failing.value.size > 0;
/** What this window has of that thing is newer than what is kept. */
export const isUnkept = (store: StoreName, id: string): boolean => failing.value.has(`readwrite ${store} ${id}`);

export const put = (store: StoreName, id: string, value: unknown): Promise<unknown> =>
  transact(store, id, "readwrite", (open) => open.put(value, id));

/** Keep this unless something is kept there already; gives what is kept now. */
export async function putFirst<Value>(store: StoreName, id: string, value: Value): Promise<Value> {
  const before = await transact(store, id, "readwrite", (open) => {
    const reading = open.get(id);
    reading.onsuccess = () => void (reading.result === undefined && open.put(value, id));
    return reading;
  });
  return (before as Value | undefined) ?? value;
}

/**
 * Change some of what is kept of one thing. Other windows keep it too: what they have changed beside it stays, and what
 * they have taken away stays away. Gives what is kept now.
 */
export async function amend<Value extends object>(
  store: StoreName,
  id: string,
  how: (kept: Value) => Partial<Value>,
): Promise<Value | undefined> {
  let now: Value | undefined;
  await transact(store, id, "readwrite", (open) => {
    const reading = open.get(id) as IDBRequest<Value | undefined>;
    reading.onsuccess = () => {
      if (reading.result === undefined) return;
      now = { ...reading.result, ...how(reading.result) };
      open.put(now, id);
    };
    return reading;
  });
  return now;
}

export const drop = (store: StoreName, id: string): Promise<unknown> => transact(store, id, "readwrite", (open) => open.delete(id));

export const get = async <Value>(store: StoreName, id: string): Promise<Value | undefined> =>
  (await transact(store, id, "readonly", (open) => open.get(id))) as Value | undefined;

/** Everything of a store, in the order of the ids. */
export const all = async <Value>(store: StoreName): Promise<Value[]> =>
  (await transact(store, "", "readonly", (open) => open.getAll())) as Value[];

type Step = (store: IDBObjectStore) => IDBRequest;

async function transact(name: StoreName, id: string, mode: IDBTransactionMode, step: Step): Promise<unknown> {
  const what = `${mode} ${name} ${id}`;
  const others = (): string[] => [...failing.value].filter((one) => one !== what);
  try {
    const result = await opened(name, mode, step);
    if (failing.value.has(what)) failing.value = new Set(others());
    return result;
  } catch (error) {
    failing.value = new Set([...others(), what]);
    console.error(error);
    throw new Unkept("the phone keeps nothing now", { cause: error });
  }
}

function opened(name: StoreName, mode: IDBTransactionMode, step: Step): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, VERSION);
    opening.onupgradeneeded = () => {
      const known = opening.result.objectStoreNames;
      for (const one of known) if (!STORES.includes(one as StoreName)) opening.result.deleteObjectStore(one);
      for (const one of STORES) if (!known.contains(one)) opening.result.createObjectStore(one);
    };
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      try {
        const change = opening.result.transaction(name, mode);
        const request = step(change.objectStore(name));
        change.oncomplete = () => resolve(request.result);
        // Not already at the request's error: only the end of the transaction says why.
        change.onabort = () => reject(change.error);
      } catch (error) {
        reject(error);
      }
      opening.result.close(); // Once what was begun is done.
    };
  });
}
