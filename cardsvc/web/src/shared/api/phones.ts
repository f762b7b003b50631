/** Phones that carry cards, as staff sees them (docs/holder.md). */
import { call } from "./http.ts";
import { assertion, type OptionsJson } from "./passkey.ts";

export interface Phone {
  readonly id: string;
  readonly card: string;
  /** The holder's; empty where the person was erased. */
  readonly name: string;
  readonly state: "invited" | "waiting" | "active" | "revoked";
  /** With the desk's code, after its own application, from the phone before it, or by a recovery code. */
  readonly how: "code" | "asked" | "moved" | "recovered";
  readonly office: string;
  readonly made_by: string;
  readonly made_at: string;
  readonly expires: string;
  readonly approver: string | null;
  /** Digits of the key's hash, the same as on the phone's own screen. */
  readonly fingerprint: string;
  /** Epoch seconds; 0 before the first token. */
  readonly token_until: number;
  /** When a recovery brings the card, unless somebody stops it. */
  readonly ready_at: string | null;
  /** Of one that asks after its application: whether a clerk had scanned its screen. */
  readonly seen: boolean | null;
}
/** A one-time code, shown this once. */
export interface PhoneCode {
  readonly phone: string;
  readonly code: string;
  readonly url: string;
  readonly expires: string;
}

const path = (phone: string): string => `/api/desk/phones/${encodeURIComponent(phone)}`;
const ofCard = (number: string): string => `/api/desk/cards/${encodeURIComponent(number)}/phones`;

export const phonesOf = (number: string) => call<{ phones: Phone[] }>("GET", ofCard(number));
export const invitePhone = (number: string) => call<PhoneCode>("POST", ofCard(number));
export const waitingPhones = () => call<{ phones: Phone[] }>("GET", "/api/desk/phones");
export const revokePhone = (phone: string) => call<Phone>("POST", `${path(phone)}/revoke`);

/** One touch of the approver's passkey lets the phone carry the card. */
export async function approvePhone(phone: string): Promise<Phone> {
  const { options } = await call<{ options: OptionsJson }>("POST", `${path(phone)}/challenge`);
  return call<Phone>("POST", `${path(phone)}/approve`, { credential: await assertion(options) });
}
