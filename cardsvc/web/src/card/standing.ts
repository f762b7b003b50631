/** Standing for sellers: a token to a key of its own, and what its holder agreed to (docs/holder.md). */
import { fromBase64, hex, type Bytes } from "../reader/bytes.ts";
import { decode } from "../reader/cbor.ts";
import { ES256, PublicKey, decodeSign1 } from "../reader/cose.ts";
import { base64url, makeKey, publicPoint } from "./code.ts";
import type { Keeper, Standing as Shown } from "./keeper.ts";
import { now } from "./service.ts";

/** The service *standing*, as claim -70005 names it. */
export const STANDING = 9;
export const DAYS = [1, 30, 365] as const;
export type Standing = "good" | "limited" | "unknown";

/** A consent as the service keeps it; instants are ISO 8601. */
export interface Consent {
  readonly kind: "standing";
  readonly given: string;
  readonly until: string;
  readonly ended: string | null;
  readonly used: string | null;
}
interface Consents {
  readonly consents: readonly Consent[];
  readonly time: number;
}

/** A fresh token, to a key that is used for nothing else: two sellers cannot tell that it was the same phone. */
export async function freshStanding(keeper: Keeper): Promise<Shown> {
  const keys = await makeKey();
  const point = await publicPoint(keys);
  const act = `standing:${hex(new PublicKey(ES256, point).thumbprint)}`;
  const said = await keeper.prove<{ token: string; expires: number }>("standing", act, { holder: base64url(point) });
  const shown = { keys, token: fromBase64(said.token), exp: said.expires };
  await keeper.keepStanding(shown);
  return shown;
}

/** The token that is kept, where it is still good. */
export function keptStanding(keeper: Keeper): Shown | null {
  const kept = keeper.kept.value.standing ?? null;
  return kept !== null && now() < kept.exp ? kept : null;
}

/** What a seller reads from it. */
export function standingOf(token: Bytes): Standing {
  const claims = decode(decodeSign1(token).payload);
  const city = claims instanceof Map ? claims.get(-70001) : undefined;
  if (!(city instanceof Map)) return "unknown";
  const days = city.get(6);
  if (days instanceof Map && days.has(STANDING)) return "limited";
  const mask = city.get(2);
  return typeof mask === "number" && Math.floor(mask / 2 ** STANDING) % 2 === 1 ? "good" : "unknown";
}

export async function consents(keeper: Keeper): Promise<readonly Consent[]> {
  return (await keeper.prove<Consents>("consents", "consents")).consents;
}

export async function agree(keeper: Keeper, days: (typeof DAYS)[number]): Promise<readonly Consent[]> {
  return (await keeper.prove<Consents>("consents/give", `consent:standing:${days}`, { kind: "standing", days })).consents;
}

/** Taken back with the service, and what this phone could show is gone from it. */
export async function takeBack(keeper: Keeper): Promise<readonly Consent[]> {
  const left = await keeper.prove<Consents>("consents/end", "end-consent:standing", { kind: "standing" });
  await keeper.keepStanding(null);
  return left.consents;
}
