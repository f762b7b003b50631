/** A card goes to another phone, or comes back by a code on paper (docs/holder.md). */
import { hex, type Bytes } from "../reader/bytes.ts";
import { ES256, PublicKey } from "../reader/cose.ts";
import { base64url, makeKey, proof } from "./code.ts";
import type { Keeper, Offer } from "./keeper.ts";
import { answered, forgetKey, keyFor } from "./newkeys.ts";
import { paperKey } from "./paper.ts";
import { askTime, now, post, proved, Refusal } from "./service.ts";
import { adopt, carriedBy } from "./wallet.ts";

type Offered = Offer & { readonly fingerprint: string };
/** Whom the old phone signs for. */
export interface Other {
  readonly thumbprint: string;
  readonly fingerprint: string;
}
/** A phone of the card, as the others show it. */
export interface OfCard {
  readonly id: string;
  readonly state: "waiting" | "active" | "revoked";
  readonly fingerprint: string;
  readonly since: string;
  readonly this: boolean;
}

/** Offer a fresh key to the old phone; it lies here before anybody can sign for it. */
export async function offer(): Promise<void> {
  const keys = await makeKey();
  const { fingerprint, code, url, expires } = await proved<Offered>(keys, "move/offer", "offer");
  await adopt(keys, { state: "offered", fingerprint, offer: { code, url, expires } });
}

export async function offerAgain(keeper: Keeper): Promise<void> {
  const { code, url, expires } = await keeper.prove<Offered>("move/offer", "offer");
  await keeper.note({ offer: { code, url, expires } });
}

export const whom = (keeper: Keeper, code: string): Promise<Other> => keeper.prove("move/look", "look", { code });

/** From here on the other phone carries the card. */
export async function give(keeper: Keeper, code: string, other: Other): Promise<void> {
  await keeper.prove("move", `move:${other.thumbprint}`, { code });
  await keeper.drop();
}

/** Have the key of a code on paper stand in for this phone, once, should it be lost. */
export async function keepPaper(keeper: Keeper, letters: string): Promise<void> {
  const raw = await pointOf(await paperKey(letters));
  await keeper.prove("recovery", `recovery:${thumbprint(raw)}`, { recovery: base64url(raw) });
  await keeper.note({ paper: now() });
}

/** Ask for a lost phone's card with its paper; `stop` ends the lost phone at once. What was done is not done again. */
export async function recover(letters: string, stop: boolean): Promise<void> {
  const by = await paperKey(letters);
  const code = thumbprint(await pointOf(by));
  const keys = await keyFor(code);
  if ((await carriedBy(keys)) === undefined) {
    await askTime();
    const recovery = await proof(by, `recover:${thumbprint(await pointOf(keys))}`, now());
    const body = { recovery, phone: await proof(keys, "carry", now()) };
    const { fingerprint, ready } = await answered(code, post<{ fingerprint: string; ready: number }>("recover", body));
    await adopt(keys, { state: "recovering", fingerprint, ready });
  }
  if (stop) await stopLost(by);
  await forgetKey(code);
}

async function stopLost(by: CryptoKeyPair): Promise<void> {
  try {
    await proved(by, "lost", "lost-phone", { what: "phone" });
  } catch (error) {
    // The code stops its phone once: it did, and that answer was lost.
    if (!(error instanceof Refusal) || error.reason !== "phone_unknown") throw error;
  }
}

export async function stopRecovery(keeper: Keeper, phone: string): Promise<void> {
  await keeper.prove("recovery/stop", `stop-recovery:${phone}`, { phone });
  await keeper.note({ paper: 0 });
  await keeper.renew();
}

export const phonesOf = async (keeper: Keeper): Promise<readonly OfCard[]> => (await keeper.prove<{ phones: OfCard[] }>("phones", "phones")).phones;

export async function loseOther(keeper: Keeper, phone: string): Promise<void> {
  await keeper.prove("lost", `lost-phone:${phone}`, { what: "phone", phone });
}

const pointOf = async (keys: CryptoKeyPair): Promise<Bytes> => new Uint8Array(await crypto.subtle.exportKey("raw", keys.publicKey));
/** RFC 9679, in hexadecimal as both sides sign it. */
const thumbprint = (raw: Bytes): string => hex(new PublicKey(ES256, raw).thumbprint);
