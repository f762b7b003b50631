/** Phone codes that were seen, remembered over restarts (docs/format.md section 6). */
import { Unchecked } from "../reader/errors.ts";
import type { SeenSet } from "../reader/phone.ts";
import { KEEP_SEEN_S } from "../reader/seen.ts";
import type { Database } from "./database.ts";
import { done } from "./database.ts";

export class SeenOnDisk implements SeenSet {
  constructor(private readonly database: Database) {}

  whenSeen(key: string): Promise<number | null> {
    return remembered(async () => {
      const at: unknown = await this.database.read(["seen"], (store) => done(store("seen").get(key)));
      return typeof at === "number" ? at : null;
    });
  }

  firstSeen(key: string, now: number): Promise<number | null> {
    return remembered(() =>
      this.database.change(["seen"], async (store) => {
        const seen = store("seen");
        const before: unknown = await done(seen.get(key));
        if (typeof before === "number") return before;
        const newest = await done(seen.index("at").openKeyCursor(null, "prev"));
        // By the earlier of this clock and the newest code: the first code after a leap of the clock drops nothing.
        const limit = Math.min(now, typeof newest?.key === "number" ? newest.key : 0) - KEEP_SEEN_S;
        const old = await done(seen.index("at").getAllKeys(IDBKeyRange.upperBound(limit, true)));
        for (const name of old) seen.delete(name);
        await done(seen.put(now, key));
        return null;
      }),
    );
  }
}

/** Where the memory fails nobody can tell what was seen: unchecked, so nothing is called valid. */
async function remembered<Result>(step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    throw new Unchecked("seen_unusable", `the memory of seen phone codes fails: ${error.message}`);
  }
}
