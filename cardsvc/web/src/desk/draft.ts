/**
 * Keeps one application saved while somebody types: what was changed is sent soon, one request at a time, and
 * sent again until an answer comes. Nothing is written to the machine; what could not be sent stays in memory.
 */
import type { Case, Fields } from "../shared/api/desk.ts";
import { Problem } from "../shared/api/http.ts";

export type Save = (version: number, application: Fields) => Promise<Case>;
export type SaveState = "saved" | "dirty" | "saving" | "offline" | "conflict" | "stopped";

/** Somebody else changed the same field since this page read it. */
export interface Conflict {
  readonly by: string;
  readonly theirs: Fields;
}

/** After the last key. */
export const SETTLE_MS = 400;
/** Between attempts while no answer comes; the last goes on. */
const RETRY_MS = [1000, 2000, 4000, 8000];

export interface DraftView {
  readonly state: SaveState;
  readonly case: Case;
  readonly application: Fields;
  readonly conflict: Conflict | null;
  readonly problem: Problem | null;
}

export class Draft {
  /** The newest that this page has seen. */
  #case: Case;
  /** What the unsent changes were typed on: by its version the service tells what somebody else changed since. */
  #base: Case;
  #changes: Fields = {};
  #state: SaveState = "saved";
  #conflict: Conflict | null = null;
  #problem: Problem | null = null;
  #running: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;

  constructor(
    first: Case,
    private readonly save: Save,
    private readonly changed: (view: DraftView) => void,
  ) {
    this.#case = first;
    this.#base = first;
  }

  get view(): DraftView {
    return {
      state: this.#state,
      case: this.#case,
      application: { ...this.#case.application, ...this.#changes },
      conflict: this.#conflict,
      problem: this.#problem,
    };
  }

  /** Whether something typed has not been answered for yet. */
  get unsaved(): boolean {
    return Object.keys(this.#changes).length > 0 || this.#running !== null;
  }

  /** What was typed; `null` empties a field. */
  change(fields: Fields): void {
    if (!this.unsaved) this.#base = this.#case;
    this.#changes = { ...this.#changes, ...fields };
    if (this.#conflict) {
      this.#tell();
      return;
    }
    this.#state = this.#state === "offline" ? "offline" : "dirty";
    this.#tell();
    if (!this.#running) this.#later(SETTLE_MS);
  }

  /** A newer case that some other call brought (a portrait, a submission). Typed changes stay on top of it. */
  adopt(next: Case): void {
    if (next.version < this.#case.version) return;
    this.#case = next;
    this.#problem = null;
    if (this.#state === "stopped") {
      // What the service refused, it may take of the case as it stands now.
      this.#state = "dirty";
      this.#later(SETTLE_MS);
    }
    this.#tell();
  }

  /** Send what is unsent now; resolves when nothing is left or nothing can be done. */
  async flush(): Promise<boolean> {
    clearTimeout(this.#timer);
    while (this.#running) await this.#running;
    if (Object.keys(this.#changes).length > 0 && !this.#conflict) await this.#send();
    return !this.unsaved;
  }

  /**
   * End a conflict: `theirs` drops what was typed into these fields, else it is sent over the other's. `now` is the
   * case as it stands, read again: the other may have changed more fields than these, and they are to stay so.
   */
  settle(theirs: boolean, now: Case): Promise<boolean> {
    const conflict = this.#conflict;
    if (!conflict) return Promise.resolve(true);
    this.#conflict = null;
    this.#case = this.#base = now;
    if (theirs) this.#changes = without(this.#changes, conflict.theirs);
    this.#state = this.unsaved ? "dirty" : "saved";
    this.#tell();
    return this.flush();
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#send(), ms);
  }

  #send(): Promise<void> {
    this.#running ??= this.#attempt().finally(() => {
      this.#running = null;
      if (this.#state === "dirty") this.#later(SETTLE_MS);
      this.#tell();
    });
    return this.#running;
  }

  async #attempt(): Promise<void> {
    const sent = this.#changes;
    if (Object.keys(sent).length === 0) return;
    this.#state = this.#state === "offline" ? "offline" : "saving";
    this.#tell();
    try {
      const answer = await this.save(this.#base.version, complete({ ...this.#base.application, ...sent }));
      this.#accept(answer, sent);
    } catch (failure) {
      this.#fail(failure);
    }
  }

  #accept(answer: Case, sent: Fields): void {
    this.#base = answer;
    if (answer.version >= this.#case.version) this.#case = answer;
    this.#failures = 0;
    this.#problem = null;
    const still = Object.entries(this.#changes).filter(([name, value]) => sent[name] !== value || !(name in sent));
    this.#changes = Object.fromEntries(still);
    this.#state = still.length > 0 ? "dirty" : "saved";
  }

  #fail(failure: unknown): void {
    if (failure instanceof Problem && failure.reason === "changed_meanwhile") {
      this.#conflict = failure.extra as unknown as Conflict;
      this.#state = "conflict";
    } else if (failure instanceof Problem && !tryAgain(failure)) {
      this.#problem = failure;
      this.#state = "stopped";
    } else {
      this.#state = "offline";
      this.#later(RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)] ?? 0);
      this.#failures += 1;
    }
  }

  #tell(): void {
    this.changed(this.view);
  }
}

/** Signed out, too many requests, or the service broke: what was typed is kept and sent again. */
function tryAgain(problem: Problem): boolean {
  return problem.status === 401 || problem.status === 429 || problem.status >= 500;
}

function without(fields: Fields, names: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !(name in names)));
}

/** Without what is empty: the service takes a field that is there as an answer. */
export function complete(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== "" && value !== undefined));
}
