/** The trust of this device: a root document that a person vouched for, and the last good bundle, kept together. */
import type { Bytes } from "../reader/bytes.ts";
import { hex, sha256 } from "../reader/bytes.ts";
import { Refused, Unchecked } from "../reader/errors.ts";
import { decodePolicy } from "../reader/rules.ts";
import { pin, stateFromJson, stateToJson } from "../reader/state.ts";
import { accept } from "../reader/trust.ts";
import type { Trust } from "../reader/trust.ts";
import { done } from "./database.ts";
import type { Database } from "./database.ts";

const KEPT = "trust";
const FINGERPRINT_CHARACTERS = 32;

/** The state as JSON, and the bundle it was made with. */
interface Kept {
  readonly state: string;
  readonly bundle: Bytes | null;
}

/** The SHA-256 of a root document in groups of four, for a person to compare. */
export function fingerprint(root: Bytes): string {
  return (hex(sha256(root)).slice(0, FINGERPRINT_CHARACTERS).match(/.{4}/g) ?? []).join(" ");
}

export class Keeper {
  constructor(private readonly database: Database) {}

  /** Whether a root document was given. */
  async isPinned(): Promise<boolean> {
    return (await this.database.kept<Kept>(KEPT)) !== null;
  }

  /** Pin a root document that a person vouches for, for one venue; throws what a bad one is refused for. */
  async pin(root: Bytes, now: number, venue?: string): Promise<void> {
    const state = await pin(root, now, venue === undefined ? {} : { venue });
    await this.database.keep(KEPT, { state: stateToJson(state), bundle: null } satisfies Kept);
  }

  /**
   * The trust that was kept, as of its floor, since it was accepted then; step 2 of a verdict judges the clock. Null
   * before the first bundle. What is damaged is thrown, and never begun afresh by itself.
   */
  async read(now: number): Promise<Trust | null> {
    const kept = await this.database.kept<Kept>(KEPT);
    if (kept === null || kept.bundle === null) return null;
    const state = await stateFromJson(kept.state);
    return (await accept(state, kept.bundle, Math.max(now, state.timeFloor))).trust;
  }

  /** Judge a bundle and make it the one that serves; state and bundle are durable before anything goes by it. */
  async offer(bundle: Bytes, now: number): Promise<Trust> {
    const kept = await this.database.kept<Kept>(KEPT);
    if (kept === null) throw new Refused("no_root", "a bundle came before the root document");
    const taken = await accept(await stateFromJson(kept.state), bundle, now);
    decodePolicy(taken.trust.policy); // Rules that this reader lacks must not push out the last good bundle.
    await this.#replace(kept, { state: stateToJson(taken.state), bundle });
    return taken.trust;
  }

  /** Keep the next in the place of what it was judged by. Throws `state_changed` where another window was quicker. */
  #replace(before: Kept, next: Kept): Promise<unknown> {
    return this.database.change(["kept"], async (store) => {
      const there = (await done(store("kept").get(KEPT))) as Kept | undefined;
      if (there?.state !== before.state) {
        throw new Unchecked("state_changed", "another window of this reader took a bundle meanwhile, or ended it");
      }
      return done(store("kept").put(next, KEPT));
    });
  }
}
