/**
 * What a browser that is a reader keeps: its keys, its trust, its log, what it has seen. No names, no faces, no card
 * numbers. Every change is one transaction at strict durability: what has finished survives a power cut.
 */

/** The places of the database. `kept` holds single things by name. */
export const STORES = ["kept", "seen", "records", "refused", "checkpoints", "visits"] as const;
export type Store = (typeof STORES)[number];

const VERSION = 1;

/** What a step of a transaction may call: requests of IndexedDB as promises, on nothing but its own stores. */
export type Stores = (name: Store) => IDBObjectStore;

export class Database {
  private constructor(private readonly opened: IDBDatabase) {}

  /** One database a page: `cardsvc-gate`. */
  static async open(name: string): Promise<Database> {
    const request = indexedDB.open(name, VERSION);
    request.onupgradeneeded = () => {
      const { result } = request;
      result.createObjectStore("kept");
      result.createObjectStore("seen").createIndex("at", "");
      result.createObjectStore("records", { keyPath: "seq" });
      result.createObjectStore("refused", { keyPath: "seq" });
      result.createObjectStore("checkpoints", { keyPath: "seq" });
      const visits = result.createObjectStore("visits", { autoIncrement: true });
      visits.createIndex("who", ["who", "at"]);
      visits.createIndex("at", "at");
    };
    return new Database(await done(request));
  }

  close(): void {
    this.opened.close();
  }

  /** Read in one snapshot. `step` may wait for requests of these stores, and for nothing else. */
  read<Result>(stores: readonly Store[], step: (store: Stores) => Promise<Result>): Promise<Result> {
    const transaction = this.opened.transaction([...stores]);
    return step((name) => transaction.objectStore(name));
  }

  /** Change in one transaction, all or nothing, durable when it resolves; a step that throws changes nothing. */
  async change<Result>(stores: readonly Store[], step: (store: Stores) => Promise<Result>): Promise<Result> {
    const transaction = this.opened.transaction([...stores], "readwrite", { durability: "strict" });
    const ended = finished(transaction);
    try {
      const result = await step((name) => transaction.objectStore(name));
      await ended;
      return result;
    } catch (error) {
      ended.catch(() => undefined); // The step's own error is the one to tell.
      try {
        transaction.abort();
      } catch {
        // It was over already: a full disk ends it by itself.
      }
      throw error;
    }
  }

  /** A single thing by its name. */
  async kept<Thing>(name: string): Promise<Thing | null> {
    const found: unknown = await this.read(["kept"], (store) => done(store("kept").get(name)));
    return (found as Thing | undefined) ?? null;
  }

  keep(name: string, thing: unknown): Promise<unknown> {
    return this.change(["kept"], (store) => done(store("kept").put(thing, name)));
  }

  /** Forget everything: this device is no reader any more. */
  erase(): Promise<unknown> {
    return this.change(STORES, (store) => Promise.all(STORES.map((name) => done(store(name).clear()))));
  }
}

export function done<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new DOMException("the page's database failed", "UnknownError"));
  });
}

function finished(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new DOMException("nothing was changed", "AbortError"));
  });
}
