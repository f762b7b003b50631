/** What a card says: the claims of a code (docs/format.md section 3). Unknown claims are no error. */
import type { Bytes } from "./bytes.ts";
import type { CborMap, Item } from "./cbor.ts";
import {
  characters,
  mapping,
  optionalBytes,
  optionalInteger,
  optionalText,
  requiredInteger,
  requiredText,
} from "./claims.ts";
import { ES256, PublicKey } from "./cose.ts";
import { DAY_S, span } from "./days.ts";
import { malformed } from "./errors.ts";
import { decodeIdentity } from "./identity.ts";
import type { Identity } from "./identity.ts";

/** iss ≤ 9 characters: what the sizes of the codes were measured with (sections 2 and 3). */
const MAX_ISSUER = 9;
const MAX_NUMBER = 20;
/** The last second that a calendar date can name; no card lives as long. */
const MAX_TIME = 253_402_300_799;
const CTI_BYTES = 8;
export const CHIP_KEY_BYTES = 16;
/** Bit n of the mask stands for service n, bit 0 for nothing. */
export const MAX_SERVICE = 52;
/** Only so short-lived a token may do without a place in a status list. */
const MAX_STATUSLESS_S = DAY_S;
/** A phone renews its token whenever there is a network; a lost phone's must run out (section 6). */
const MAX_TOKEN_LIFE_S = 14 * DAY_S;

/** Where the fate of a print is written: a list's address and an index in it. */
export interface StatusRef {
  readonly uri: string;
  readonly index: number;
}

/** The claims of one code: times in epoch seconds, days from 2020-01-01. */
export interface Card {
  readonly issuer: string;
  readonly number: string;
  readonly expires: number;
  readonly notBefore: number;
  readonly issuedAt: number;
  readonly cardClass: number;
  readonly services: number;
  readonly printNumber: number;
  readonly status: StatusRef | null;
  readonly holderKey: PublicKey | null;
  readonly identity: Identity | null;
  readonly permitDay: number | null;
  readonly serviceDays: ReadonlyMap<number, number>;
  readonly chipUid: Bytes | null;
  readonly chipKey: Bytes | null;
  readonly passport: readonly [number: string, country: string] | null;
  readonly nativeName: readonly [language: string, name: string] | null;
  readonly permitClass: string | null;
  /** Whether the city's claims hold a negative key, which nobody may ignore. */
  readonly hasUnknownCritical: boolean;
}

/** Read the claims strictly; every refusal is `malformed` and names the claim. */
export function decodeCard(claims: CborMap): Card {
  const city = mapping(claims.get(-70001), "claim -70001");
  const card: Card = {
    issuer: boundedText(claims, 1, MAX_ISSUER, "iss"),
    number: boundedText(claims, 2, MAX_NUMBER, "sub"),
    expires: time(claims, 4, "exp"),
    notBefore: time(claims, 5, "nbf"),
    issuedAt: time(claims, 6, "iat"),
    cardClass: requiredInteger(city, 1, "class"),
    services: mask(city),
    printNumber: requiredInteger(city, 5, "print number"),
    status: statusOf(claims),
    holderKey: claims.has(8) ? holderKey(claims.get(8)) : null,
    identity: claims.has(169) ? decodeIdentity(claims.get(169)) : null,
    permitDay: day(optionalInteger(city, 8, "permit day"), "permit day"),
    serviceDays: serviceDays(city),
    chipUid: optionalBytes(city, 3, "chip UID") ?? null,
    chipKey: sized(city, 9, CHIP_KEY_BYTES, "chip key"),
    passport: pair(city, 4, "passport"),
    nativeName: pair(city, 7, "native name"),
    permitClass: optionalText(city, 10, "permit class") ?? null,
    hasUnknownCritical: Array.from(city.keys()).some((key) => typeof key !== "string" && isNegative(key)),
  };
  sized(claims, 7, CTI_BYTES, "cti");
  const life = card.expires - card.issuedAt;
  if (card.holderKey !== null && life > MAX_TOKEN_LIFE_S) {
    throw malformed(`a phone's token lives at most 14 days, this one ${span(life)}`);
  }
  if (card.status === null && !(card.holderKey !== null && life <= MAX_STATUSLESS_S)) {
    throw malformed("claim 65535 (status) is missing, which only a token of 24 hours may do");
  }
  return card;
}

/** The printed right to a service: null without one, -1 up to exp, else its last day, which rules over the bit. */
export function printedUntil(card: Card, service: number): number | null {
  return card.serviceDays.get(service) ?? (hasService(card, service) ? -1 : null);
}

/** Whether bit `service` of the printed mask is set; beyond 2^32 JavaScript's own shifts lose bits. */
export function hasService(card: Card, service: number): boolean {
  return service > 0 && service <= MAX_SERVICE && Math.floor(card.services / 2 ** service) % 2 === 1;
}

function isNegative(key: Item): boolean {
  return (typeof key === "number" || typeof key === "bigint") && key < 0;
}

function boundedText(claims: CborMap, label: number, limit: number, name: string): string {
  const value = requiredText(claims, label, name);
  const size = characters(value);
  if (size === 0 || size > limit) throw malformed(`${name} must have 1 to ${limit} characters, it has ${size}`);
  return value;
}

function time(claims: CborMap, label: number, name: string): number {
  const instant = requiredInteger(claims, label, name);
  // Two days are left at both ends, for the issuer's offset: a verdict names the date in words.
  if (instant < 2 * DAY_S || instant > MAX_TIME - 2 * DAY_S) throw malformed(`${name} is no time of this calendar`);
  return instant;
}

function sized(claims: CborMap, label: number, size: number, name: string): Bytes | null {
  const value = optionalBytes(claims, label, name) ?? null;
  if (value !== null && value.length !== size) throw malformed(`${name} must have ${size} bytes`);
  return value;
}

function mask(city: CborMap): number {
  const value = requiredInteger(city, 2, "services");
  if (value < 0 || value >= 2 ** (MAX_SERVICE + 1)) throw malformed("the service mask is negative or 2^53 and more");
  return value - (value % 2);
}

function day(value: number | undefined, name: string): number | null {
  // A day outside ten thousand years is a mistake that would overflow dates further on.
  if (value !== undefined && !(value > -1 && value < 2_000_000)) throw malformed(`${name} is no day of this calendar`);
  return value ?? null;
}

function serviceDays(city: CborMap): ReadonlyMap<number, number> {
  const days = new Map<number, number>();
  if (!city.has(6)) return days;
  for (const [service, last] of mapping(city.get(6), "claim 6 of -70001")) {
    if (typeof service !== "number" || typeof last !== "number" || service <= 0 || service > MAX_SERVICE) {
      throw malformed("the last days of services must be {service number: day}");
    }
    day(last, "a service's last day");
    days.set(service, last);
  }
  return days;
}

function pair(city: CborMap, label: number, name: string): readonly [string, string] | null {
  if (!city.has(label)) return null;
  const value = city.get(label);
  if (Array.isArray(value) && value.length === 2) {
    const [one, other] = value;
    if (typeof one === "string" && typeof other === "string") return [one, other];
  }
  throw malformed(`${name} must be a pair of texts`);
}

function statusOf(claims: CborMap): StatusRef | null {
  if (!claims.has(65535)) return null;
  const place = mapping(mapping(claims.get(65535), "status").get("status_list"), "status_list");
  const index = requiredInteger(place, "idx", "status idx");
  const uri = requiredText(place, "uri", "status uri");
  if (index < 0) throw malformed("the status index is negative");
  return { uri, index };
}

function holderKey(cnf: Item | undefined): PublicKey {
  const key = PublicKey.fromCoseKey(mapping(cnf, "cnf").get(1));
  if (key.algorithm !== ES256) throw malformed("the holder's key in cnf must be a P-256 key, as phones keep them");
  return key;
}
