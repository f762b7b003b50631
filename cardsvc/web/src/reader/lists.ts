/** The lists of a bundle, opened together: all of one snapshot, or none (docs/format.md sections 3 to 5). */
import type { Bytes } from "./bytes.ts";
import type { Bundle } from "./documents.ts";
import { Refused, malformed } from "./errors.ts";
import { PERMIT_TYP, decodePermits } from "./permits.ts";
import type { PermitList } from "./permits.ts";
import { OnlineKeys, checkWindow } from "./signers.ts";
import { CARD_BITS, STATUS_TYP, decodeEntitlements, decodeHotlist, decodeStatus } from "./status.ts";
import type { EntitlementList, StatusList } from "./status.ts";

type BySub<List> = ReadonlyMap<string, List>;

/** The lists of one bundle by sub, each signed by a status key of its epoch, all of one iat and exp. */
export interface Lists {
  readonly status: BySub<StatusList>;
  readonly permits: BySub<PermitList>;
  readonly entitlements: BySub<EntitlementList>;
  readonly hotlists: BySub<StatusList>;
}

/** The sub and the iat of every list. */
export function iatsOf(lists: Lists): [string, number][] {
  const kinds: BySub<{ readonly iat: number }>[] = [lists.status, lists.permits, lists.entitlements, lists.hotlists];
  return kinds.flatMap((kind) => Array.from(kind, ([sub, list]): [string, number] => [sub, list.iat]));
}

/**
 * Open all lists of `bundle`. Raises what a wrong signature is refused for, `missing_permit_list`, and
 * `inconsistent_lists` (another iat or exp, two lists of one name, a list over no status list).
 */
export async function readLists(bundle: Bundle, online: OnlineKeys): Promise<Lists> {
  const lists = {
    status: await open(bundle, online, bundle.status, STATUS_TYP, decodeStatus),
    permits: await open(bundle, online, bundle.permits, PERMIT_TYP, decodePermits),
    entitlements: await open(bundle, online, bundle.entitlements, STATUS_TYP, decodeEntitlements),
    hotlists: await open(bundle, online, bundle.hotlists, STATUS_TYP, decodeHotlist),
  };
  for (const list of lists.status.values()) {
    if (list.bits !== CARD_BITS) throw malformed(`status list ${list.uri}: expected ${CARD_BITS} bits a value`);
  }
  checkTogether(lists);
  return lists;
}

async function open<List extends { uri: string; iat: number; exp: number }>(
  bundle: Bundle,
  online: OnlineKeys,
  documents: readonly Bytes[],
  typ: string,
  decode: (payload: Bytes) => Promise<List>,
): Promise<Map<string, List>> {
  const found = new Map<string, List>();
  for (const data of documents) {
    const [payload, key] = await online.openList(data, typ);
    const list = await decode(payload);
    checkWindow(key, list.iat, list.exp, list.uri);
    if (list.exp !== bundle.exp || list.iat > bundle.iat) {
      throw new Refused("inconsistent_lists", `${list.uri}: its iat is after, or its exp is not, the bundle's`);
    }
    if (found.has(list.uri)) throw new Refused("inconsistent_lists", `${list.uri}: two lists of this name`);
    found.set(list.uri, list);
  }
  return found;
}

function checkTogether(lists: Lists): void {
  const snapshots = new Set(iatsOf(lists).map(([, iat]) => iat));
  if (snapshots.size > 1) {
    throw new Refused("inconsistent_lists", `the lists come from ${snapshots.size} snapshots, expected one`);
  }
  for (const uri of lists.status.keys()) {
    if (!lists.permits.has(`${uri}/permit`)) {
      throw new Refused("missing_permit_list", `${uri}: its permit list is not in the bundle`);
    }
  }
  for (const kind of [lists.permits, lists.entitlements, lists.hotlists]) {
    for (const sub of kind.keys()) {
      if (!lists.status.has(sub.slice(0, Math.max(0, sub.lastIndexOf("/"))))) {
        throw new Refused("inconsistent_lists", `${sub}: the status list it belongs to is not in the bundle`);
      }
    }
  }
}
