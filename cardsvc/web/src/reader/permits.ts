/**
 * Permit lists, and the one rule of how long a stay is known to last (docs/format.md section 3): the code says
 * the day known when it was printed, the truth travels in lists.
 */
import type { Bytes } from "./bytes.ts";
import { MAX_INTEGER, decode } from "./cbor.ts";
import type { Item } from "./cbor.ts";
import { Fields, MAX_DAY, array, uint } from "./claims.ts";
import { endOf } from "./days.ts";
import { malformed } from "./errors.ts";
import { MAX_LIST_BYTES } from "./status.ts";
import { inflate } from "./text.ts";

export const PERMIT_TYP = "application/cardsvc-permit+cwt";

/** The last days of permits that a reader cannot learn from the codes; times in epoch seconds. */
export interface PermitList {
  readonly uri: string;
  readonly iat: number;
  readonly exp: number;
  readonly days: ReadonlyMap<number, number>;
}

/** The permit list in `payload`; raises `malformed`, also for an index with two days. */
export async function decodePermits(payload: Bytes): Promise<PermitList> {
  const fields = new Fields(decode(payload), "permit list");
  const rows = decode(await inflate(fields.octets(-70011), MAX_LIST_BYTES));
  if (!(rows instanceof Map)) throw malformed("permit list: expected a map of days");
  const days = new Map<number, number>();
  for (const [day, deltas] of rows) {
    const lastDay = uint(day, "permit list, a day", MAX_DAY);
    for (const index of indices(array(deltas, "permit list, a day's indices"))) {
      if (days.has(index)) throw malformed("permit list: an index stands under two days");
      days.set(index, lastDay);
    }
  }
  return { uri: fields.text(2), iat: fields.uint(6), exp: fields.uint(4), days };
}

/** A first index and steps of at least one, summed up; an index beyond 2^53 belongs to no card and is left out. */
function indices(deltas: readonly Item[]): number[] {
  let index = 0;
  return deltas
    .map((delta, i) => {
      if (typeof delta !== "number" || delta < 0 || (i > 0 && delta === 0)) {
        throw malformed("permit list: indices are a first index and steps of at least one");
      }
      index += delta;
      return index;
    })
    .filter((sum) => sum <= MAX_INTEGER);
}

/**
 * Epoch second at which the stay is over as far as is known; from then on it is `permit_unknown`.
 *
 * Only for an index at status 0. A code younger than the list is not in it, and goes by what it says itself.
 * Otherwise the list's word holds. Where the list is silent, no day written into a code of this index and no
 * true day ends while the list lives: so a printed day that had not passed at the list's iat reaches beyond
 * the list, and one that had passed was extended beyond it (else the status would be 2).
 */
export function permitEnd(
  codeIat: number,
  printedDay: number | null,
  index: number,
  permits: PermitList,
  offsetS: number,
): number {
  const printedEnd = printedDay === null ? null : endOf(printedDay, offsetS);
  if (codeIat > permits.iat) return printedEnd ?? permits.exp;
  const listed = permits.days.get(index);
  if (listed !== undefined) return endOf(listed, offsetS);
  return printedEnd !== null && printedEnd > permits.iat ? printedEnd : permits.exp;
}
