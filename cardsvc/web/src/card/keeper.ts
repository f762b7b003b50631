/**
 * One keeper a card: the key that cannot be exported, its token, and what the page shows. No passport, no birth, no
 * face. Everything of a card is in one record, so that taking it off the phone takes all of it.
 */
import { signal, type ReadonlySignal } from "@preact/signals";
import { fromBase64, type Bytes } from "../reader/bytes.ts";
import { decode } from "../reader/cbor.ts";
import { decodeSign1 } from "../reader/cose.ts";
import { learnDays } from "./days.ts";
import { now, proved, Refusal } from "./service.ts";
import { amend, drop, get } from "./store.ts";

export interface Right {
  readonly service: string;
  readonly until: string | null;
}
export interface Shown {
  readonly number: string;
  readonly class: string;
  readonly name: string;
  readonly name_native: string | null;
  readonly language_native: string | null;
  readonly name_chinese: string | null;
  readonly valid_until: string;
  readonly permit_until: string | null;
  readonly services: readonly Right[];
  readonly print_lost: boolean;
}
/** What is shown to sellers: a token, and the key made for it alone; `exp` in epoch seconds. */
export interface Standing {
  readonly keys: CryptoKeyPair;
  readonly token: Bytes;
  readonly exp: number;
}
/** A recovery that this phone may stop: somebody wants the card on the phone with those digits, from `ready` on. */
export interface Notice {
  readonly phone: string;
  readonly fingerprint: string;
  readonly ready: number;
}
/** Under which code another phone finds this one's key, and until when. */
export interface Offer {
  readonly code: string;
  readonly url: string;
  readonly expires: string;
}
/**
 * `exp` is the token's; `asked` is when the service last answered; both in epoch seconds, 0 for never. Of a card that is
 * on its way from another phone, `offer` brings it here; of one that comes back by a code on paper, `ready` says when.
 * `paper` is when a recovery code was written down for it.
 */
export interface Kept {
  readonly id: string;
  readonly added: number;
  readonly keys: CryptoKeyPair;
  readonly state: string;
  readonly fingerprint: string;
  readonly card: Shown | null;
  readonly token: Bytes | null;
  readonly exp: number;
  readonly asked: number;
  /** A token for sellers, once there was one. */
  readonly standing?: Standing | null;
  readonly offer: Offer | null;
  readonly ready: number | null;
  readonly notices: readonly Notice[];
  readonly paper: number;
}
interface Renewed {
  readonly state: string;
  readonly time: number;
  readonly day_offset_s?: number;
  readonly card: Shown | null;
  readonly token: string | null;
  readonly ready: number | null;
  readonly notices: readonly Notice[];
}

const EXP = 4;
const TOKEN_LIFE_S = 14 * 86_400;
/** Somebody stands at the desk, or both phones lie on one table: asked often at first, then less. */
const WAIT_MS = 2_000;
const WAIT_LONG_MS = 15_000;
const OFTEN = 60;
const WAITING: ReadonlySet<string> = new Set(["waiting", "offered"]);
/** The card has left this phone for ever; nothing is asked any more. */
const OVER: ReadonlySet<string> = new Set(["phone_over"]);
const UNKNOWN = "phone_unknown";

export class Keeper {
  readonly #kept;
  #waiting: ReturnType<typeof setTimeout> | undefined;
  #rounds = 0;
  #removed = false;

  /** `gone` is called once the card was taken off this phone. */
  constructor(
    kept: Kept,
    private readonly gone: (keeper: Keeper) => void,
  ) {
    this.#kept = signal(kept);
  }

  get id(): string {
    return this.kept.value.id;
  }

  get kept(): ReadonlySignal<Kept> {
    return this.#kept;
  }

  /** How the card stands on this phone now: what the service said last, or that its token ran out meanwhile. */
  get state(): string {
    const { state, token, exp } = this.kept.value;
    return state === "valid" && (token === null || now() >= exp) ? "token_over" : state;
  }

  /** Ask how the card stands, and for a fresh token; without a network everything stays as it is. */
  async renew(): Promise<void> {
    const before = this.kept.value;
    clearTimeout(this.#waiting);
    try {
      if ((await get<Kept>("cards", this.id)) === undefined) return this.#leave();
      if (OVER.has(before.state)) return;
      const answer = await this.prove<Renewed>("renew", "renew");
      await this.#take(answer);
      await learnDays(answer.day_offset_s);
    } catch (error) {
      // A key that was only offered is not known until the other phone has signed for it.
      const over = error instanceof Refusal && error.reason === UNKNOWN && before.state !== "offered";
      if (over) await this.#keep({ state: "phone_over", token: null });
    }
    if (!WAITING.has(this.kept.value.state) || this.#removed) return;
    this.#rounds += 1;
    this.#waiting = setTimeout(() => void this.renew(), this.#rounds < OFTEN ? WAIT_MS : WAIT_LONG_MS);
  }

  /** A call that this card's key signs for `act`; throws {@link Refusal} and `Unreachable`. */
  prove<Answer>(path: string, act: string, more: object = {}): Promise<Answer> {
    return proved(this.kept.value.keys, path, act, more);
  }

  /** Keep a token for sellers beside the card, or forget it. */
  keepStanding(standing: Standing | null): Promise<void> {
    return this.#keep({ standing });
  }

  /** Note something of this card that the service does not tell. */
  note(changed: Partial<Pick<Kept, "offer" | "paper" | "state" | "ready">>): Promise<void> {
    return this.#keep(changed);
  }

  /** Take the card off this phone, which no longer carries it. */
  async drop(): Promise<void> {
    this.#removed = true;
    await drop("cards", this.id);
    this.#leave();
  }

  async reportLost(what: "print" | "chip"): Promise<void> {
    await this.prove("lost", `lost-${what}`, { what });
    await this.renew();
  }

  /** Take the card off this phone: the service gives its index up, and nothing stays here, network or not. */
  async remove(): Promise<void> {
    await this.drop();
    try {
      await this.prove("lost", "lost-phone", { what: "phone" });
    } catch {
      // The key is gone from here anyhow: no code of it can be made any more.
    }
  }

  async #take({ state, card, token, time, ready, notices }: Renewed): Promise<void> {
    const ended = state === "phone_over" || state === "revoked";
    const fresh = token === null ? {} : { token: fromBase64(token), exp: lastSecond(fromBase64(token)) };
    await this.#keep({ state, asked: time, ready, notices, offer: null, ...(card && { card }), ...(ended ? { token: null } : fresh) });
  }

  async #keep(changed: Partial<Kept>): Promise<void> {
    if (this.#removed) return; // An answer that came too late brings nothing back.
    this.#kept.value = { ...this.kept.value, ...changed };
    if ((await amend<Kept>("cards", this.id, () => changed)) === undefined) this.#leave();
  }

  /** It is kept no more, by this window's doing or another's. */
  #leave(): void {
    clearTimeout(this.#waiting);
    this.#removed = true;
    this.gone(this);
  }
}

function lastSecond(token: Bytes): number {
  const claims = decode(decodeSign1(token).payload);
  const exp = claims instanceof Map ? claims.get(EXP) : undefined;
  return typeof exp === "number" ? exp : now() + TOKEN_LIFE_S;
}
