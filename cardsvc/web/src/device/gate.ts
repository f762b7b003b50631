/**
 * What is shown is judged, recorded, and then acted on, in this order, one at a time.
 *
 * Nothing is called valid that is not recorded: a verdict without its record (a full disk, no key to seal to) lets
 * nobody in, and is counted. Leaving is always allowed. No data, no trust, a mistake of ours: nobody goes in.
 */
import { hex } from "../reader/bytes.ts";
import type { Bytes } from "../reader/bytes.ts";
import { ReaderError, Unchecked } from "../reader/errors.ts";
import { SEAL } from "../reader/keylist.ts";
import { SAME_SCAN_S } from "../reader/phone.ts";
import type { SeenSet } from "../reader/phone.ts";
import type { Policy } from "../reader/rules.ts";
import { serviceLabel } from "../reader/services.ts";
import type { Trust } from "../reader/trust.ts";
import type { Answer, Role, Verdict } from "../reader/verdict.ts";
import { Verifier } from "../reader/verifier.ts";
import type { Presentation } from "../reader/verifier.ts";
import type { Journal } from "./journal.ts";
import type { MonthKeys } from "./months.ts";
import { monthOf } from "./months.ts";
import type { Entry } from "./records.ts";

/**
 * A verdict as it is shown; `seq` is its record's, null where there is none. `again` is what was shown for the first
 * of two scans of one picture, and is shown on.
 */
export interface Shown {
  readonly verdict: Verdict;
  readonly direction: "in" | "out";
  readonly seq: number | null;
  readonly again: Shown | null;
}

/** The light: green also where the policy opens on old data; what was found stands in line and record. */
export function light(shown: Shown): Answer {
  const { verdict } = shown.again ?? shown;
  return verdict.opens ? "allow" : verdict.verdict;
}

/** Noted by the record of somebody whom the staff let in, though nobody could check. */
const BY_HAND = "by_hand";
const PHONES: readonly (string | null)[] = ["phone", "phone-proved"];

interface Parts {
  readonly journal: Journal;
  readonly seen: SeenSet;
  readonly months: MonthKeys;
  readonly role: Role;
  readonly clock: () => number;
  /** Where what went wrong is told; the verdict says the rest. */
  readonly log: (error: unknown) => void;
}

export class Gate {
  #trust: Trust | null = null;
  #verifier: Verifier | null = null;
  #last: { readonly shown: Shown; readonly presentation: Presentation } | null = null;
  /** Phone codes of the last seconds: when, and what was shown for them. */
  #scanned = new Map<string, { readonly at: number; readonly shown: Shown }>();

  constructor(private readonly parts: Parts) {}

  /** The rules of the bundle that serves. */
  get policy(): Policy | null {
    return this.#verifier?.policy ?? null;
  }

  /** From now on judge by this trust; throws `unsupported_policy` for rules that this reader lacks. */
  use(trust: Trust): void {
    const { role, seen, journal } = this.parts;
    this.#verifier = new Verifier(trust, { role, seen, history: journal });
    this.#trust = trust;
  }

  /** One presentation, from its code to what is shown. */
  async handle(presentation: Presentation): Promise<Shown> {
    const now = this.parts.clock();
    const verdict = await this.#judged(presentation, now);
    const direction = presentation.direction ?? "in";
    const first = verdict.repeated ? this.#scanned.get(scan(presentation))?.shown : undefined;
    if (first !== undefined) {
      // A camera read one picture twice: it is one visit (section 6). It releases nothing, but nobody is locked in.
      const again = { ...first.verdict, repeated: true, opens: first.verdict.opens && direction === "out" };
      return { verdict: again, direction, seq: null, again: first };
    }
    const own = verdict.repeated ? unknownScan(presentation, verdict) : verdict;
    const shown = { direction, again: null, ...(await this.#recorded(own, presentation, now)) };
    this.#last = { shown, presentation };
    if (PHONES.includes(shown.verdict.assurance)) this.#remember(presentation, shown, now);
    return shown;
  }

  #remember(presentation: Presentation, shown: Shown, now: number): void {
    for (const [key, { at }] of this.#scanned) {
      if (now - at < 0 || now - at > SAME_SCAN_S) this.#scanned.delete(key);
    }
    this.#scanned.set(scan(presentation), { at: now, shown });
  }

  /**
   * Record that somebody of the staff lets in whom nobody could check; false for anything but the last thing shown,
   * for what was refused, and where it could not be recorded.
   */
  async admit(shown: Shown): Promise<boolean> {
    const last = this.#last;
    if (last?.shown !== shown || shown.verdict.verdict !== "attention" || shown.verdict.opens) return false;
    this.#last = null;
    const verdict = { ...shown.verdict, opens: true, noted: [...shown.verdict.noted, BY_HAND] };
    return (await this.#recorded(verdict, last.presentation, this.parts.clock())).seq !== null;
  }

  async #judged(presentation: Presentation, now: number): Promise<Verdict> {
    if (this.#verifier === null) {
      return shut(presentation, "no_data", "this reader has no data yet; bring it on line");
    }
    try {
      return await this.#verifier.judge(presentation, now);
    } catch (error) {
      this.parts.log(error);
      // The verifier throws for the memory of visits, too; a mistake of ours must neither admit nor end the gate.
      if (error instanceof ReaderError) return shut(presentation, error.reason, error.message);
      return shut(presentation, "reader_fault", "this reader has a fault; please tell the staff");
    }
  }

  /** The verdict with its record's seq; one that could not be recorded lets nobody in. */
  async #recorded(
    verdict: Verdict,
    presentation: Presentation,
    now: number,
  ): Promise<{ readonly verdict: Verdict; readonly seq: number | null }> {
    const { journal } = this.parts;
    try {
      const sealTo = sealKey(this.#trust, now);
      if (sealTo === null) {
        await journal.miss();
        throw new Unchecked("no_seal_key", "no key is here to seal the log to; bring this reader on line");
      }
      const keeps = (this.policy?.asksHistory.length ?? 0) > 0;
      const entry = await this.#entry(verdict, presentation, now);
      return { verdict, seq: await journal.append(entry, sealTo, keeps ? verdict.card : null) };
    } catch (error) {
      this.parts.log(error);
      if (verdict.verdict !== "allow" && !verdict.opens) return { verdict, seq: null };
      const reason = error instanceof ReaderError ? error.reason : "reader_fault";
      return { verdict: shut(presentation, reason, String(error), verdict), seq: null };
    }
  }

  async #entry(verdict: Verdict, presentation: Presentation, now: number): Promise<Entry> {
    const trust = this.#trust;
    const month = trust === null ? null : monthOf(now, trust.dayOffsetS);
    const who =
      verdict.card === null || month === null ? null : await this.parts.months.pseudonym(verdict.card, month);
    return {
      time: Math.max(0, now),
      direction: presentation.direction ?? "in",
      venue: trust?.venue ?? "",
      service: presentation.service ?? null,
      who,
      month: who === null ? null : month,
      answer: verdict.verdict,
      reason: verdict.reason,
      bundle: trust === null ? [0, 0] : [trust.epoch, trust.seq],
      opened: verdict.opens,
      noted: verdict.noted,
      assurance: verdict.assurance,
    };
  }
}

/** The service's newest key to seal to; an expired one still, where there is no newer. */
export function sealKey(trust: Trust | null, now: number): Bytes | null {
  const seals = Array.from(trust?.keys.values() ?? []).flat().filter(({ use }) => use === SEAL);
  const begun = seals.filter(({ signFrom }) => signFrom <= now);
  const newest = (begun.length > 0 ? begun : seals).sort((one, other) => other.signFrom - one.signFrom)[0];
  return newest?.key.raw ?? null;
}

/**
 * What makes two scans one: what was shown, for which service, and which way. Shown again in other letters, or at the
 * reader's other side, a code is judged as one that was shown before.
 */
function scan({ code, service, direction }: Presentation): string {
  const shown = typeof code === "string" ? `text ${code}` : `bytes ${hex(code)}`;
  return `${service ?? ""} ${direction ?? "in"} ${shown}`;
}

/** A repeated scan is not judged by quota and passback: its own verdict says too little. */
function unknownScan(presentation: Presentation, verdict: Verdict): Verdict {
  const words = "this phone code was shown here a moment ago; ask for a fresh one";
  return shut(presentation, "replayed", words, { ...verdict, repeated: false });
}

/** A verdict that lets nobody in, and everybody out. */
function shut(presentation: Presentation, reason: string, words: string, found?: Verdict): Verdict {
  const out = presentation.direction === "out";
  const service = presentation.service ?? null;
  const nothing = { card: null, valid_until: null, assurance: null, data_age_s: 0, repeated: false, not_judged: [], view: null };
  return {
    ...nothing,
    language: null,
    service: service === null ? null : serviceLabel(service),
    offline: true,
    ...found,
    verdict: out ? "allow" : "attention",
    reason: out ? "ok" : reason,
    words: out ? "Leaving is always allowed." : words,
    opens: out,
    noted: Array.from(new Set([...(found?.noted ?? []), reason])),
  };
}
