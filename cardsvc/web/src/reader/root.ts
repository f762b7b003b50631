/** The chain of root documents: from the one a reader was given by hand to the newest (section 5). */
import type { Bytes } from "./bytes.ts";
import { moment, span } from "./days.ts";
import { ROOT_TYP, decodeRoot, sameRoot } from "./documents.ts";
import type { RootDocument } from "./documents.ts";
import { Refused } from "./errors.ts";
import { checkThreshold, readSign } from "./signers.ts";

/** How far the clocks of issuer and reader may differ (section 5). */
const CLOCK_SKEW_S = 120;

/** Refuse, as `future_iat`, what was made later than this reader's clock can believe. */
export function checkNotAhead(iat: number, now: number, what: string): void {
  if (iat > now + CLOCK_SKEW_S) {
    throw new Refused("future_iat", `${what}: made at ${moment(iat)}, ${span(iat - now)} ahead of this clock`);
  }
}

/**
 * A root document given by hand: signed by k of its own keys, or refused. Its own signatures prove only that it
 * came whole: trust in it comes from the hand that gave it.
 */
export async function readRoot(data: Bytes): Promise<RootDocument> {
  const sign = readSign(data, ROOT_TYP);
  const root = decodeRoot(sign.payload);
  await checkThreshold(sign, root.keys, root.threshold, `root document ${root.version}`);
  return root;
}

/**
 * The newest root document reachable from `pinned` over `offered`, as bytes and read.
 *
 * Every step is signed by k of the old keys and k of the new; older documents are passed over. Only the last
 * one's exp counts. Raises `rollback`, `root_gap`, `future_iat`, `expired_chain` and what `checkThreshold` does.
 */
export async function followChain(
  pinned: Bytes,
  offered: readonly Bytes[],
  now: number,
): Promise<{ newest: Bytes; root: RootDocument }> {
  let newest = pinned;
  let root = await readRoot(pinned);
  let highest = -1;
  for (const data of offered) {
    const sign = readSign(data, ROOT_TYP);
    const following = decodeRoot(sign.payload);
    const what = `root document ${following.version}`;
    if (following.version <= highest) {
      throw new Refused("rollback", `${what}: root documents must stand in ascending order`);
    }
    highest = following.version;
    if (highest < root.version) continue;
    if (highest > root.version + 1) throw new Refused("root_gap", `${what}: the chain has a gap before it`);
    await checkThreshold(sign, root.keys, root.threshold, `${what}, by the keys known here`);
    if (highest === root.version) {
      if (!sameRoot(following, root)) throw new Refused("rollback", `${what}: another document of this version`);
      continue;
    }
    await checkThreshold(sign, following.keys, following.threshold, `${what}, by its own keys`);
    checkNotAhead(following.iat, now, what);
    newest = data;
    root = following;
  }
  if (highest < root.version) throw new Refused("rollback", `expected root document ${root.version} or later`);
  if (root.exp <= now) throw new Refused("expired_chain", `root document ${root.version} expired at ${moment(root.exp)}`);
  return { newest, root };
}
