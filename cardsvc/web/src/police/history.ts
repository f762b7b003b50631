/**
 * The checks of this shift, as the officer may read them again: each encrypted under a key of the shift that no script
 * can take away. When the shift ends the key is gone, and with it whatever a disk still has of them.
 */
import type { Bytes } from "../reader/bytes.ts";
import type { Answer, Verdict } from "../reader/verdict.ts";
import type { Database } from "../device/database.ts";
import { done } from "../device/database.ts";

const AES = "AES-GCM";
const IV_BYTES = 12;
const KEY = "key";
/** A long shift has some hundred checks. */
const MAX_CHECKS = 1000;
/** Enough to find a check again, too little to be a card's number. */
const LAST_DIGITS = 4;

/** One check: no name, no face, no whole number. */
export interface Check {
  readonly at: number;
  readonly answer: Answer;
  readonly reason: string;
  readonly last: string;
}

interface Sealed {
  readonly seq: number;
  readonly iv: Bytes;
  readonly data: Bytes;
}

export function checkOf(verdict: Verdict, at: number): Check {
  return { at, answer: verdict.verdict, reason: verdict.reason, last: verdict.card?.slice(-LAST_DIGITS) ?? "" };
}

function makeKey(): Promise<CryptoKey> {
  return crypto.subtle.generateKey({ name: AES, length: 256 }, false, ["encrypt", "decrypt"]);
}

export class Checks {
  private constructor(
    private readonly database: Database,
    private readonly key: CryptoKey,
  ) {}

  /** Begin an empty list under a new key. */
  static async begin(database: Database): Promise<Checks> {
    const key = await makeKey();
    await database.keep(KEY, key);
    return new Checks(database, key);
  }

  /** The list that was begun before a reload; null where there is none. */
  static async resume(database: Database): Promise<Checks | null> {
    const key = await database.kept<CryptoKey>(KEY);
    return key === null ? null : new Checks(database, key);
  }

  async add(check: Check): Promise<void> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const plain = new TextEncoder().encode(JSON.stringify(check));
    const data = new Uint8Array(await crypto.subtle.encrypt({ name: AES, iv }, this.key, plain));
    await this.database.change(["records"], async (store) => {
      const records = store("records");
      const last = (await done(records.openKeyCursor(null, "prev")))?.key;
      const seq = typeof last === "number" ? last + 1 : 1;
      records.delete(IDBKeyRange.upperBound(seq - MAX_CHECKS));
      await done(records.add({ seq, iv, data } satisfies Sealed));
    });
  }

  /** All of them, the newest first. */
  async all(): Promise<readonly Check[]> {
    const kept = (await this.database.read(["records"], (store) => done(store("records").getAll()))) as Sealed[];
    const opened = kept.map(async ({ iv, data }) => {
      const plain = await crypto.subtle.decrypt({ name: AES, iv }, this.key, data);
      return JSON.parse(new TextDecoder().decode(plain)) as Check;
    });
    return (await Promise.all(opened)).reverse();
  }
}
