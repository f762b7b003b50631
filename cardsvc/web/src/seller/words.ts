/** What a seller reads: a standing, or why none can be told; and nothing else about anybody. */
import type { Pair, Words } from "../device/ui/words.ts";
import type { Standing } from "../reader/verdict.ts";

export const SELLER = {
  title: ["信誉", "Standing"],
  aim: ["请买方打开“向卖方出示信誉”，对准此处", "Have the buyer open “Show a seller my standing”, and hold it here"],
  next: ["下一位", "Next"],
  refused: ["不接受", "Not accepted"],
  notHere: ["这个代码是给闸口的。", "This code is for a gate."],
  fresh: ["请买方刷新手机上的码后再试。", "Ask the buyer for a fresh code, then scan again."],
  wrongCode: ["这不是出示信誉的码。请买方打开“向卖方出示信誉”。", "This is no code that shows a standing. Have the buyer open “Show a seller my standing”."],
  forged: ["此码不真实，不要据此交易。", "This code is not genuine: do not deal on it."],
  notNow: ["此卡目前不能出示信誉。", "This card shows no standing now."],
  update: ["数据太旧。请联网后再试。", "The data is too old. Bring this device on line, then scan again."],
  clock: ["本机时间有误，请校准后再试。", "This device's clock is wrong. Set it right, then scan again."],
  unsure: ["现在无法核验。这不说明买方有任何问题。", "It cannot be checked now. That says nothing against the buyer."],
} as const satisfies Words;

export const STANDINGS: Readonly<Record<Standing, Pair>> = {
  good: ["良好", "Good"],
  limited: ["有限", "Limited"],
  unknown: ["未知", "Unknown"],
};

export const MEANINGS: Readonly<Record<Standing, Pair>> = {
  good: ["市场管理部门认可，无限期。", "The market office vouches for this buyer, without an end."],
  limited: ["市场管理部门认可，有期限。", "The market office vouches for this buyer, for a limited time."],
  unknown: ["没有记录。这不是坏消息。", "Nothing is known. That is no bad sign."],
};

const FORGED = new Set(["bad_signature", "wrong_key_use", "distrusted_key", "stripped_binding", "wrong_chip", "chip_not_proved"]);
const FRESH = new Set(["stale_code", "replayed"]);
const NO_CODE = new Set(["not_ours", "malformed", "low_assurance", "no_entitlement"]);
const ENDED = new Set(["revoked", "suspended", "replaced", "expired", "not_yet_valid", "entitlement_withdrawn"]);
const OLD = new Set(["data_expired", "data_stale", "no_data"]);

/** Why there is no standing to tell, in as few kinds as a seller can do something about. */
export function whyNot(reason: string): Pair {
  if (FORGED.has(reason)) return SELLER.forged;
  if (FRESH.has(reason)) return SELLER.fresh;
  if (NO_CODE.has(reason)) return SELLER.wrongCode;
  if (ENDED.has(reason)) return SELLER.notNow;
  if (OLD.has(reason)) return SELLER.update;
  return reason === "clock_suspect" ? SELLER.clock : SELLER.unsure;
}
