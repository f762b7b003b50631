/** Card status, hotlists and entitlements: IETF Token Status Lists as CWT claims (section 4). Payloads only. */
import type { Bytes } from "./bytes.ts";
import { decode } from "./cbor.ts";
import { Fields, MAX_DAY, array, uint } from "./claims.ts";
import { MAX_SERVICE } from "./card.ts";
import { malformed } from "./errors.ts";
import { inflate } from "./text.ts";

export const STATUS_TYP = "application/statuslist+cwt";

/** What a card status value means. 1 and 3 never change back; 3 is "application-specific" in the standard. */
export const REVOKED = 1;
export const SUSPENDED = 2;
export const REPLACED = 3;
/** What an entitlement value means; a value other than 0 replaces the printed right. */
export const GRANTED = 1;
export const WITHDRAWN = 2;
export const GRANTED_TO_DAY = 3;

/** 16 million prints in one list; a bomb stops here (section 4), counted while inflating. */
export const MAX_LIST_BYTES = 4 * 1024 * 1024;
export const CARD_BITS = 2;
const HOTLIST_BITS = 1;
const WIDTHS = [1, 2, 4, 8];

/** One list of small values, kept inflated; times are epoch seconds, `uri` is what a card must name. */
export class StatusList {
  constructor(
    readonly uri: string,
    readonly iat: number,
    readonly exp: number,
    readonly ttl: number | null,
    readonly bits: number,
    readonly data: Bytes,
  ) {}

  /** The value at `index`, least significant bits first; null past the end (the caller's `status_unknown`). */
  at(index: number): number | null {
    const position = index * this.bits;
    const byte = this.data[Math.floor(position / 8)];
    return byte === undefined ? null : (byte >> (position % 8)) & ((1 << this.bits) - 1);
  }
}

/** The rights to one service given or taken after printing, over the indices of a card list. */
export class EntitlementList {
  constructor(
    readonly values: StatusList,
    readonly service: number,
    private readonly lastDays: ReadonlyMap<number, number>,
  ) {}

  get uri(): string {
    return this.values.uri;
  }

  get iat(): number {
    return this.values.iat;
  }

  get exp(): number {
    return this.values.exp;
  }

  /** The value at `index` and, for "granted to a day", that day number; null past the end. */
  at(index: number): { readonly value: number; readonly lastDay: number | null } | null {
    const value = this.values.at(index);
    return value === null ? null : { value, lastDay: this.lastDays.get(index) ?? null };
  }
}

/** The status list in `payload`; raises `malformed`. */
export async function decodeStatus(payload: Bytes): Promise<StatusList> {
  return status(new Fields(decode(payload), "status list"));
}

/** The hotlist in `payload`: a list of single bits; raises `malformed`. */
export async function decodeHotlist(payload: Bytes): Promise<StatusList> {
  const list = await decodeStatus(payload);
  if (list.bits !== HOTLIST_BITS || !list.uri.endsWith("/hotlist")) {
    throw malformed("hotlist: expected single bits and a sub ending in /hotlist");
  }
  return list;
}

/** The entitlement list in `payload`; raises `malformed`, also for a wrong number of last days. */
export async function decodeEntitlements(payload: Bytes): Promise<EntitlementList> {
  const fields = new Fields(decode(payload), "entitlement list");
  const values = await status(fields);
  if (values.bits !== CARD_BITS) throw malformed(`entitlement list: expected ${CARD_BITS} bits a value`);
  const number = values.uri.slice(values.uri.lastIndexOf("/") + 1);
  if (!/^[1-9][0-9]?$/.test(number) || Number(number) > MAX_SERVICE) {
    throw malformed("entitlement list: the sub does not end in a service number");
  }
  const days = fields.has(-70010)
    ? array(decode(await inflate(fields.octets(-70010), MAX_LIST_BYTES)), "entitlement list, last days")
    : [];
  const indices = dated(values.data);
  if (indices.length !== days.length) {
    throw malformed(`entitlement list: ${indices.length} values 3, but ${days.length} last days`);
  }
  const lastDays = days.map((day) => uint(day, "entitlement list, a last day", MAX_DAY));
  return new EntitlementList(values, Number(number), new Map(indices.map((index, i) => [index, lastDays[i]!])));
}

/** The inflated values of a `lst`, whose width must be one the standard knows. */
export async function inflateList(bits: number, lst: Bytes, what: string): Promise<Bytes> {
  if (!WIDTHS.includes(bits)) throw malformed(`${what}: expected 1, 2, 4 or 8 bits a value, found ${bits}`);
  return inflate(lst, MAX_LIST_BYTES);
}

async function status(fields: Fields): Promise<StatusList> {
  const inner = fields.fields(65533);
  const bits = inner.uint("bits");
  const data = await inflateList(bits, inner.octets("lst"), "status list");
  return new StatusList(fields.text(2), fields.uint(6), fields.uint(4), fields.optionalUint(65534), bits, data);
}

/** The indices of value 3 in ascending order. */
function dated(data: Bytes): number[] {
  const indices: number[] = [];
  data.forEach((byte, at) => {
    // Both bits of a pair set, in any of the four pairs: almost no byte of a list is so.
    if ((byte & (byte >> 1) & 0x55) === 0) return;
    for (let slot = 0; slot < 4; slot++) {
      if (((byte >> (2 * slot)) & 3) === GRANTED_TO_DAY) indices.push(4 * at + slot);
    }
  });
  return indices;
}
