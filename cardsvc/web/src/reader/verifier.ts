/**
 * The verifying procedure: one code, one instant, ten numbered steps (docs/format.md section 8).
 *
 *  1. text, inflate, CBOR, COSE, claims      6. dates
 *  2. clock                                  7. age of data
 *  3. key                                    8. status and permit
 *  4. signature, critical claims             9. entitlement
 *  5. phone or chip binding                 10. venue rules
 *
 * A step that finds the code *wrong* throws `Refused`: that ends the procedure with `deny`, since among denials
 * the first is the reason. A step that *cannot check* notes an attention and the next one follows; three
 * attentions throw `Unchecked` and end it. So a check that is forgotten or fails in an unforeseen way admits
 * nobody: `allow` needs every step to return.
 */
import { hex, sha256 } from "./bytes.ts";
import type { Bytes } from "./bytes.ts";
import { printedUntil } from "./card.ts";
import type { Card, StatusRef } from "./card.ts";
import { fits, headers, isKnown, kidOf, sign1Tbs, verifySignature } from "./cose.ts";
import type { Headers } from "./cose.ts";
import { dateOf, dayAt, endOf, span } from "./days.ts";
import { wasIssued } from "./documents.ts";
import { Refused, Unchecked, malformed } from "./errors.ts";
import { CARD, TOKEN, covers } from "./keylist.ts";
import type { TrustedKey } from "./keylist.ts";
import { permitEnd } from "./permits.ts";
import type { PermitList } from "./permits.ts";
import { checkChip, checkOuter, checkPhone, readCode } from "./phone.ts";
import type { Challenge, ChipProof, Code, SeenSet } from "./phone.ts";
import { decodePolicy, isOpen } from "./rules.ts";
import type { Assurance, History, Policy } from "./rules.ts";
import { STANDING, serviceLabel } from "./services.ts";
import { GRANTED, GRANTED_TO_DAY, REPLACED, REVOKED, SUSPENDED, WITHDRAWN } from "./status.ts";
import type { EntitlementList, StatusList } from "./status.ts";
import { MAX_INFLATED, decodeText } from "./text.ts";
import type { Trust } from "./trust.ts";
import { viewFor } from "./verdict.ts";
import type { Answer, Role, Standing, Verdict, View } from "./verdict.ts";

/** A clock this far before the latest data that was accepted is wrong, and judges nothing (section 5). */
const CLOCK_TOLERANCE_S = 120;
/** These give way to any other attention as the reason (section 8). */
const MILD = ["data_stale", "status_unknown"];

/** What was shown to the reader, and for what; `code` is a QR code's text or a chip's bytes. */
export interface Presentation {
  readonly code: string | Bytes;
  readonly service?: number | null;
  readonly direction?: "in" | "out";
  readonly tagUid?: Bytes | null;
  readonly chipProof?: ChipProof | null;
  readonly challenge?: Challenge | null;
}

/** What the steps learn on the way; a verdict is cut from it at whichever step the procedure ends. */
class Findings {
  readonly attentions: [reason: string, words: string][] = [];
  readonly lastDays: number[] = [];
  card: Card | null = null;
  assurance: Assurance | null = null;
  repeated = false;
  standing: Standing = "unknown";
  notJudged: readonly string[] = [];

  constructor(public dataAgeS: number) {}

  /** Remember something that could not be checked, and go on. */
  note(reason: string, words: string): void {
    this.attentions.push([reason, words]);
  }
}

/** The lists that speak about one card at this reader; null where the bundle has none. */
interface CardLists {
  readonly status: StatusList | null;
  readonly permits: PermitList | null;
  readonly entitlements: EntitlementList | null;
}

const NO_LISTS: CardLists = { status: null, permits: null, entitlements: null };

/** Judges codes with the trust of one accepted bundle. */
export class Verifier {
  readonly #trust: Trust;
  readonly #role: Role;
  readonly #seen: SeenSet;
  readonly #history: History | null;
  readonly #policy: Policy;

  /** The policy is read once, here; a rule that this reader lacks is refused (`unsupported_policy`). */
  constructor(trust: Trust, options: { role?: Role; seen: SeenSet; history?: History | null }) {
    this.#trust = trust;
    this.#role = options.role ?? "gate";
    this.#seen = options.seen;
    this.#history = options.history ?? null;
    this.#policy = decodePolicy(trust.policy);
  }

  /** The venue's rules. */
  get policy(): Policy {
    return this.#policy;
  }

  /** Judge one presentation at the epoch second `now`; never rejects for what a stranger can show. */
  async judge(shown: Presentation, now: number): Promise<Verdict> {
    const found = new Findings(this.#age(NO_LISTS, now));
    try {
      await this.#procedure(shown, now, found);
    } catch (error) {
      if (error instanceof Refused) return this.#verdict("deny", error.reason, error.message, shown, found);
      if (!(error instanceof Unchecked)) throw error;
      found.attentions.splice(0, found.attentions.length, [error.reason, error.message]);
      return this.#verdict("attention", error.reason, error.message, shown, found);
    }
    const weighty = found.attentions.find(([reason]) => !MILD.includes(reason));
    const noted = weighty ?? found.attentions[0];
    if (noted === undefined) return this.#verdict("allow", "ok", "Valid.", shown, found);
    return this.#verdict("attention", noted[0], noted[1], shown, found);
  }

  async #procedure(shown: Presentation, now: number, found: Findings): Promise<void> {
    // 1. Text, inflate, CBOR, COSE, claims: nothing is believed yet.
    const code = readCode(await coseBytes(shown.code));
    const head = cardHeader(code);
    // 2. Clock.
    this.#checkClock(now);
    // 3. Key.
    const keys = this.#keys(code, head, now, found);
    // 4. Signature and critical claims; from here on the card is the issuer's word.
    await checkSignature(code, keys);
    await checkOuter(code);
    const card = code.card;
    if (card.hasUnknownCritical) {
      throw new Unchecked("unsupported", "the card has a critical claim that this reader does not know");
    }
    found.card = card;
    const service = shown.service ?? null;
    const lists = this.#lists(card, service);
    found.dataAgeS = this.#age(lists, now);
    // 5. Phone or chip binding.
    await this.#checkBinding(code, shown, now, found);
    // 6. Dates.
    this.#checkDates(card, now, found);
    // 7. Age of data.
    this.#checkAge(lists, now, found);
    // 8. Status and permit.
    this.#checkStatus(card, lists, now, found);
    // 9. Entitlement.
    if (card.status === null && this.#role !== "seller") {
      // A seller's token stands in no list: taken for a card, it would outlive its card's revocation.
      throw new Refused("no_entitlement", "this code tells a seller a standing; ask for the card");
    }
    if (service !== null) this.#checkEntitlement(card, service, lists, now, found);
    this.#learnStanding(code, now, found);
    // 10. Venue rules.
    await this.#checkRules(card, service, now, found);
  }

  /** Step 2: a clock before data that exists already cannot judge a date. */
  #checkClock(now: number): void {
    const behind = this.#trust.timeFloor - now;
    if (behind > CLOCK_TOLERANCE_S) {
      throw new Unchecked("clock_suspect", `the clock is ${span(behind)} before the data; set it right`);
    }
  }

  /** Step 3: the keys that may have signed this card; a kid is a hint, so all that have it are tried. */
  #keys(code: Code, head: Headers, now: number, found: Findings): readonly TrustedKey[] {
    const card = code.card;
    const bytes = kidOf(code.signed, head);
    const kid = bytes === null ? null : hex(bytes);
    const named = kid === null ? [] : (this.#trust.keys.get(kid) ?? []);
    const listed = named.filter((entry) => now < entry.trustUntil);
    if (kid === null || listed.length === 0) {
      throw new Unchecked("unknown_key", "the card's key is not listed here; another issuer's, or newer data");
    }
    const use = card.holderKey === null ? CARD : TOKEN;
    const keys = listed.filter(
      (entry) =>
        entry.use === use &&
        fits(entry.key, head.algorithm) &&
        card.issuer === this.#trust.issuer &&
        (entry.classes === null || entry.classes.has(card.cardClass)) &&
        covers(entry, card.issuedAt),
    );
    if (keys.length === 0) {
      throw new Refused("wrong_key_use", "the key may not sign this: another use, issuer, class or time");
    }
    const issued = this.#trust.distrusted.get(kid);
    if (issued === null) {
      found.note("distrusted_key", "the key was stolen, and the list of its genuine cards is not here");
    } else if (issued !== undefined && !wasIssued(issued, sha256(code.signed.payload))) {
      throw new Refused("distrusted_key", "the key was stolen, and this is none of its genuine cards");
    }
    return keys;
  }

  #lists(card: Card, service: number | null): CardLists {
    if (card.status === null) return NO_LISTS;
    const { uri } = card.status;
    const { lists } = this.#trust;
    return {
      status: lists.status.get(uri) ?? null,
      permits: lists.permits.get(`${uri}/permit`) ?? null,
      entitlements: service === null ? null : (lists.entitlements.get(`${uri}/${service}`) ?? null),
    };
  }

  /** Step 5: a phone's code must be fresh and its own, a chip's must lie on its chip. */
  async #checkBinding(code: Code, shown: Presentation, now: number, found: Findings): Promise<void> {
    if (code.card.holderKey !== null) {
      const { proved, repeated } = await checkPhone(code, shown.challenge ?? null, this.#seen, now);
      found.repeated = repeated;
      found.assurance = proved ? "phone-proved" : "phone";
      return;
    }
    const { bound, proved } = await checkChip(code, shown.tagUid ?? null, shown.chipProof ?? null);
    found.assurance = proved ? "chip-proved" : bound ? "chip" : "print";
  }

  /** Step 6. */
  #checkDates(card: Card, now: number, found: Findings): void {
    found.lastDays.push(this.#dayBefore(card.expires));
    const day = (instant: number): string => dateOf(dayAt(instant, this.#trust.dayOffsetS));
    if (now < card.notBefore) throw new Refused("not_yet_valid", `valid from ${day(card.notBefore)}`);
    if (now >= card.expires) throw new Refused("expired", `valid until ${day(card.expires - 1)}`);
  }

  /** Step 7: the oldest list that speaks about this card says how old the data is. */
  #checkAge(lists: CardLists, now: number, found: Findings): void {
    const age = found.dataAgeS;
    const dead = now >= Math.min(this.#trust.exp, ...present(lists).map((list) => list.exp));
    if (dead || age > this.#policy.expiredAfterS) {
      throw new Refused("data_expired", `this data is ${span(age)} old, too old to judge by; sync it`);
    }
    if (age > this.#policy.staleAfterS) {
      found.note("data_stale", `this data is ${span(age)} old; sync it or ask for the phone card`);
    }
  }

  /** Step 8: what became of this print since, and whether the permit still runs. */
  #checkStatus(card: Card, lists: CardLists, now: number, found: Findings): void {
    const reference = card.status;
    const status = reference === null ? null : (lists.status?.at(reference.index) ?? null);
    if (reference === null || lists.permits === null || status === null) {
      if (reference !== null) found.note("status_unknown", "no list here says what became of this card");
      this.#checkPrintedPermit(card, now, found);
      return;
    }
    if (status === REVOKED) throw new Refused("revoked", "the card was revoked");
    if (status === SUSPENDED) {
      throw new Refused("suspended", "the card is suspended or the permit has ended; the desk can help");
    }
    if (status === REPLACED) throw new Refused("replaced", "there is a newer print of this card");
    this.#checkPermit(card, reference, lists.permits, now, found);
  }

  /** Step 8 without a list: the printed day is all there is. */
  #checkPrintedPermit(card: Card, now: number, found: Findings): void {
    if (card.permitDay === null) {
      if (!this.#policy.permitFree.has(card.cardClass)) {
        found.note("permit_unknown", "neither card nor list says how long the permit runs");
      }
      return;
    }
    found.lastDays.push(card.permitDay);
    if (now >= endOf(card.permitDay, this.#trust.dayOffsetS)) {
      found.note("permit_unknown", "the printed permit day has passed; it may have been extended");
    }
  }

  /** Step 8 at status 0: the permit's end as far as it is known here. */
  #checkPermit(card: Card, reference: StatusRef, permits: PermitList, now: number, found: Findings): void {
    const end = permitEnd(card.issuedAt, card.permitDay, reference.index, permits, this.#trust.dayOffsetS);
    if (end !== permits.exp) found.lastDays.push(this.#dayBefore(end));
    const unknown = card.permitDay === null && !permits.days.has(reference.index);
    if (now >= end || (unknown && !this.#policy.permitFree.has(card.cardClass))) {
      found.note("permit_unknown", "whether the permit still runs is not known here; sync or ask the desk");
    }
  }

  /** Step 9: the list's word rules over the printed right; without a list the printed right stands. */
  #checkEntitlement(card: Card, service: number, lists: CardLists, now: number, found: Findings): void {
    const entry = card.status === null ? null : (lists.entitlements?.at(card.status.index) ?? null);
    if (card.status !== null && entry === null) {
      found.note("status_unknown", "no list here says what was granted or withdrawn since printing");
    }
    if (entry?.value === WITHDRAWN) {
      throw new Refused("entitlement_withdrawn", "this service was withdrawn; its department can help");
    }
    const day = rightUntil(entry, printedUntil(card, service));
    if (day === null) throw new Refused("no_entitlement", "the card does not hold this service");
    if (day >= 0) {
      found.lastDays.push(day);
      if (now >= endOf(day, this.#trust.dayOffsetS)) {
        throw new Refused("no_entitlement", `this service ended on ${dateOf(day)}`);
      }
    }
  }

  /** What a seller may see: only from a phone, and only with the holder's consent in the code. */
  #learnStanding(code: Code, now: number, found: Findings): void {
    if (code.outer === null || !code.outer.phone.consent.has(STANDING)) return;
    const { card } = code;
    const list = card.status && this.#trust.lists.entitlements.get(`${card.status.uri}/${STANDING}`);
    const entry = (card.status && list?.at(card.status.index)) ?? null;
    const day = entry?.value === WITHDRAWN ? null : rightUntil(entry, printedUntil(card, STANDING));
    if (day !== null && (day < 0 || now < endOf(day, this.#trust.dayOffsetS))) {
      found.standing = day < 0 ? "good" : "limited";
    }
  }

  /** Step 10: what this venue asks for beyond the card's own rights. */
  async #checkRules(card: Card, service: number | null, now: number, found: Findings): Promise<void> {
    const policy = this.#policy;
    const history = this.#history;
    if (found.assurance === null || !policy.accept.has(found.assurance)) {
      const accepted = Array.from(policy.accept).join(", ");
      throw new Refused("low_assurance", `this door asks for ${accepted || "nothing that exists"}`);
    }
    if (!isOpen(policy.hours, now, this.#trust.dayOffsetS)) {
      throw new Refused("outside_hours", "this venue is closed now");
    }
    if (history === null) {
      found.notJudged = policy.asksHistory;
      return;
    }
    if (found.repeated) return; // Not counted against anyone; the gate shows again what it showed for the first scan.
    const { quota, passbackS } = policy;
    const newest = now + CLOCK_TOLERANCE_S; // What lies beyond was written by a clock that ran ahead.
    if (quota && (await history.admissions(card.number, service, now - quota.periodS, newest)) >= quota.count) {
      throw new Refused("quota_used", `${quota.count} visits in ${span(quota.periodS)} are used up`);
    }
    const entered = passbackS === null ? null : await history.lastEntry(card.number);
    if (entered !== null && passbackS !== null && entered <= newest && now - entered < passbackS) {
      throw new Refused("passback", "this card went in a moment ago");
    }
  }

  /** Cut the findings to what this role may see. */
  #verdict(answer: Answer, reason: string, words: string, shown: Presentation, found: Findings): Verdict {
    const noted = found.attentions.map(([name]) => name);
    if (answer === "deny") noted.push(reason);
    const out = shown.direction === "out";
    const known = found.lastDays.length > 0 && (out || answer !== "deny");
    const lastDay = known ? Math.min(...found.lastDays) : null;
    const admitted =
      answer === "allow" || (answer === "attention" && noted.every((name) => this.#policy.opensOn.has(name)));
    const { card } = found;
    return {
      // Nobody is locked in: the findings stay on record, the door opens (section 8).
      verdict: out ? "allow" : answer,
      reason: out ? "ok" : reason,
      words: out ? "Leaving is always allowed." : words,
      card: card === null || this.#role === "seller" ? null : card.number,
      service: shown.service === undefined || shown.service === null ? null : serviceLabel(shown.service),
      valid_until: lastDay === null ? null : dateOf(lastDay),
      assurance: found.assurance,
      data_age_s: found.dataAgeS,
      offline: true,
      opens: out || (admitted && !found.repeated), // The door opened for the first of two scans of one picture.
      noted: Array.from(new Set(noted)),
      repeated: found.repeated,
      not_judged: found.notJudged,
      language: card?.nativeName?.[0] ?? null,
      view: card === null ? null : this.#view(card, found),
    };
  }

  #view(card: Card, found: Findings): View {
    const hotlist = card.status && this.#trust.lists.hotlists.get(`${card.status.uri}/hotlist`);
    const listed = hotlist && card.status ? Boolean(hotlist.at(card.status.index)) : null;
    return viewFor(this.#role, card, found.standing, this.#role === "police" ? listed : null);
  }

  /** Seconds since the oldest list used was made; the bundle's own age where no list speaks. */
  #age(lists: CardLists, now: number): number {
    const made = present(lists).map((list) => list.iat);
    return Math.max(0, now - (made.length > 0 ? Math.min(...made) : this.#trust.iat));
  }

  /** The last day that is over at `instant`. */
  #dayBefore(instant: number): number {
    return dayAt(instant - 1, this.#trust.dayOffsetS);
  }
}

/** The last day of a right: what a list says over what is printed; -1 up to exp, null for none. */
function rightUntil(
  entry: { readonly value: number; readonly lastDay: number | null } | null,
  printed: number | null,
): number | null {
  if (entry?.value === GRANTED) return -1;
  return entry?.value === GRANTED_TO_DAY ? entry.lastDay : printed;
}

function present(lists: CardLists): { readonly iat: number; readonly exp: number }[] {
  return [lists.status, lists.permits, lists.entitlements].filter((list) => list !== null);
}

/** Step 1, the text: COSE bytes of a bounded size, whichever way they came. */
async function coseBytes(shown: string | Bytes): Promise<Bytes> {
  if (typeof shown === "string") return decodeText(shown);
  if (shown.length > MAX_INFLATED) throw malformed(`${shown.length} bytes, more than the ${MAX_INFLATED} of any code`);
  return shown;
}

/** Step 1, the header. */
function cardHeader(code: Code): Headers {
  const head = headers(code.signed.protectedBytes);
  if (head.typ !== null) throw malformed(`an object of type ${head.typ} is no card`);
  if (head.algorithm === null) throw malformed("the protected header names no algorithm");
  if (!isKnown(head.algorithm)) {
    throw new Unchecked("unsupported", `algorithm ${head.algorithm} is not known to this reader`);
  }
  return head;
}

/** Step 4: one of the keys must have signed exactly these bytes. */
async function checkSignature(code: Code, keys: readonly TrustedKey[]): Promise<void> {
  const message = sign1Tbs(code.signed.protectedBytes, code.signed.payload);
  for (const { key } of keys) {
    if (await verifySignature(key, message, code.signed.signature)) return;
  }
  throw new Refused("bad_signature", "the signature does not fit: the card is forged or was changed");
}
