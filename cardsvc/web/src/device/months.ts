/**
 * Pseudonyms: what the log calls a card, the same within one venue and month and nowhere else. The venue's key of
 * the month comes sealed to the device (docs/readers.md, "Month keys"), is kept sealed, and opened in memory.
 */
import type { Bytes } from "../reader/bytes.ts";
import { fromBase64 } from "../reader/bytes.ts";
import { octets } from "../reader/claims.ts";
import type { Database } from "./database.ts";
import type { DeviceKeys } from "./keys.ts";
import { PSEUDONYM_BYTES } from "./keys.ts";

const KEY_BYTES = 32;
const KEPT = "months";

/** A month's key as the service gives it: sealed to the device, base64. */
export interface SealedMonth {
  readonly month: number;
  readonly sealed: string;
}

/** The month at the issuer, as 202611. */
export function monthOf(now: number, offsetS: number): number {
  const day = new Date((now + offsetS) * 1000);
  return day.getUTCFullYear() * 100 + day.getUTCMonth() + 1;
}

/** The month that follows: 202701 after 202612. */
export function monthAfter(month: number): number {
  return month % 100 < 12 ? month + 1 : month + 89;
}

export class MonthKeys {
  #keys = new Map<number, CryptoKey>();

  constructor(
    private readonly database: Database,
    private readonly device: DeviceKeys,
  ) {}

  /** Open those that were kept; `not_for_this_device` for a damaged one. */
  async open(): Promise<void> {
    this.#keys = await this.#opened((await this.database.kept<SealedMonth[]>(KEPT)) ?? []);
  }

  has(month: number): boolean {
    return this.#keys.has(month);
  }

  /** Take keys from the service, durably; those it no longer gives are forgotten. One bad key refuses them all. */
  async keep(sealed: readonly SealedMonth[]): Promise<void> {
    const keys = await this.#opened(sealed);
    await this.database.keep(KEPT, sealed);
    this.#keys = keys;
  }

  /** What the log of this month calls the card; null where the month's key is not here. */
  async pseudonym(number: string, month: number): Promise<Bytes | null> {
    const key = this.#keys.get(month);
    if (key === undefined) return null;
    const digest = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(number));
    return new Uint8Array(digest).slice(0, PSEUDONYM_BYTES);
  }

  async #opened(sealed: readonly SealedMonth[]): Promise<Map<number, CryptoKey>> {
    const keys = new Map<number, CryptoKey>();
    for (const one of sealed) {
      const key = octets(await this.device.unseal(fromBase64(one.sealed)), "a month key", KEY_BYTES);
      keys.set(one.month, await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]));
    }
    return keys;
  }
}
