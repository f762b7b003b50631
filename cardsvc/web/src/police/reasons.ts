/** What a reason means, and what to do: of verdicts (docs/format.md section 8), of the service, of this phone. */
import { Problem, Unreachable } from "../shared/api/http.ts";
import { NoPasskey } from "../shared/api/passkey.ts";
import { ANYWHERE } from "../device/ui/refusals.ts";
import { ReaderError } from "../reader/errors.ts";
import type { Pair } from "./words.ts";
import { say } from "./words.ts";

const REASONS: Readonly<Record<string, Pair>> = {
  ...ANYWHERE,
  ok: ["签名真实，未吊销。请比对照片与本人。", "Genuine and not revoked. Compare the face with the person."],
  not_ours: ["这不是商友卡的二维码。请扫描卡背面的码。", "This is not a card's code. Scan the code on the back of the card."],
  malformed: ["码已损坏或不完整。请擦净后再扫一次。", "The code is damaged or incomplete. Clean it and scan again."],
  unsupported: ["卡的格式比本机新。请更新本页后再扫。", "The card is newer than this reader. Update this page, then scan again."],
  clock_suspect: ["本机时间有误。请校准手机时间。", "This phone's clock is wrong. Set it right, then scan again."],
  wrong_key_use: ["签名密钥无权签发此卡。按伪造卡处理。", "The key may not sign this card. Treat it as forged."],
  distrusted_key: ["签名密钥曾被盗用。请向值班室核实。", "The signing key was stolen. Ask the duty desk about this card."],
  unknown_key: ["本机没有此卡的密钥：可能是外地卡，或数据较旧。请更新数据或查验护照。", "No key for this card here: another city's, or older data. Update, or ask for the passport."],
  bad_signature: ["签名不符：卡是伪造的或被改动过。", "The signature does not fit: the card is forged or was changed."],
  stripped_binding: ["手机卡的截图或副本。请持卡人打开手机卡。", "A copy of a phone card. Ask the holder to open the card on the phone."],
  stale_code: ["手机码已过期，可能是截图。请持卡人刷新。", "The phone's code is too old, perhaps a picture of it. Ask for a fresh one."],
  replayed: ["这个手机码刚才出示过。请持卡人刷新。", "This phone code was shown before. Ask for a fresh one."],
  wrong_chip: ["芯片内容属于另一张卡，是复制品。", "The code belongs to another chip: this one is a copy."],
  chip_not_proved: ["芯片无法证明自己的密钥。", "The chip could not prove its key."],
  not_yet_valid: ["卡尚未生效。", "The card is not valid yet."],
  expired: ["卡已过期。请持卡人到服务中心换卡。", "The card has expired. The service centre replaces it."],
  data_expired: ["本机数据太旧，不能判断。请更新数据。", "This phone's data is too old to judge by. Update it."],
  data_stale: ["签名真实，但数据较旧。请更新数据或查看手机卡。", "Genuine, but the data is old. Update it, or ask for the phone card."],
  revoked: ["卡已吊销。", "The card was revoked."],
  suspended: ["卡已暂停，或居留许可已到期。请持卡人到服务中心。", "The card is suspended or the permit has ended. The service centre can help."],
  replaced: ["已补发新卡，此卡作废。请出示新卡。", "A newer print exists. Ask for the new card."],
  status_unknown: ["签名真实，但本机没有此卡的状态。请更新数据。", "Genuine, but its status is not known here. Update the data."],
  permit_unknown: ["签名真实，但居留许可是否有效不明。请查验护照上的许可。", "Genuine, but whether the permit still runs is not known. Check it in the passport."],
  low_assurance: ["这里不接受这种出示方式。", "This way of showing the card is not accepted here."],
  outside_hours: ["现在不在规定时间内。", "Outside the hours of this reader."],
  no_entitlement: ["卡上没有这项服务。", "The card does not hold this service."],
  entitlement_withdrawn: ["这项服务已取消。", "This service was withdrawn."],
  quota_used: ["次数已用完。", "The visits are used up."],
  passback: ["此卡刚刚进入过。", "This card went in a moment ago."],
  seen_unusable: ["本机无法记住已出示的手机码。请查验实体卡或护照。", "This phone cannot remember phone codes. Ask for the printed card or the passport."],
  no_code: ["图中没有找到二维码。请靠近、对焦后再试。", "No code in this picture. Go closer, hold still, try again."],
  no_camera: ["无法使用相机。请允许使用，或从相册选取。", "The camera cannot be used. Allow it, or choose a picture."],
  // Of the service (docs/police.md, docs/readers.md).
  not_ready: ["服务器正在启动，请稍候再试。", "The service is starting. Try again in a moment."],
  no_passkey: ["没有收到通行密钥。请再试一次。", "No passkey answered. Try again."],
  not_signed_in: ["登录已失效，本班已结束。", "The sign-in is over, and with it the shift."],
  not_your_role: ["此帐号不是警员帐号。", "This is not an officer's account."],
  step_up_needed: ["请再次用通行密钥确认是您本人。", "Prove once more with your passkey that it is you."],
  passkey_refused: ["通行密钥未被接受。", "The passkey was not accepted."],
  locked_out: ["尝试次数过多，帐号暂时锁定。", "Too many attempts: the account is shut for a while."],
  too_often: ["请求过多，请稍候。", "Too often; wait a while."],
  flow_over: ["时间已过，请重新开始。", "That took too long; begin again."],
  passkey_needed: ["警员须用通行密钥登录。", "Officers sign in with a passkey."],
  wrong_credentials: ["通行密钥不属于任何帐号。", "This passkey belongs to no account here."],
  office_may_not: ["本单位无权执行巡查。", "This office may do no police work."],
  foreign_origin: ["请从本服务的地址打开此页。", "Open this page from the service's own address."],
  code_refused: ["服务器不承认此码：伪造、改动，或不是本市的卡。", "The service refuses this code: forged, changed, or none of ours."],
  code_unchecked: ["服务器也无法核验此码，因此不提供资料。", "The service could not check this code either, so it tells nothing."],
  scan_over: ["扫描已过五分钟。请重新扫描。", "The five minutes after the scan are over. Scan again."],
  not_your_scan: ["这次扫描不是您做的。请自己扫描。", "Another officer scanned this card. Scan it yourself."],
  budget_spent: ["查询额度已用完。", "The budget for looking is spent."],
  not_covert: ["此用途须立即告知持卡人。", "The holder is told at once of a look for this purpose."],
  too_covert: ["保密天数过长。", "That is kept from the holder for too many days."],
  bad_until: ["截止日期须在今后 180 天内。", "The last day must be within the next 180 days."],
  card_not_found: ["没有这张卡。", "There is no such card."],
  person_not_found: ["此人的资料已删除。", "This person's data has been erased."],
  too_many_found: ["符合的人超过五位。请改用护照号或卡号。", "More than five people fit. Use a passport or a card number."],
  request_not_found: ["没有这个请求。", "There is no such request."],
  request_over: ["请求已过期，请重新提出。", "The request is over; ask anew."],
  not_agreed: ["须先由第二位警员同意。", "A second officer has to agree first."],
  own_request: ["这是您自己的请求，须由另一位警员的通行密钥同意。", "You asked for this; it takes another officer's passkey."],
  not_an_officer: ["此通行密钥的持有人不能同意此事。", "Whose passkey this is may not agree to this."],
  not_on_the_hotlist: ["此条已不在名单上。", "This entry is not on the list any more."],
  scan_not_found: ["没有这次扫描。请重新扫描。", "There is no such scan. Scan again."],
  no_police_venue: ["服务器没有设置巡逻点，请联系管理员。", "No venue is set up for patrols; ask an operator."],
  bad_request: ["请检查填写的内容。", "Check what is filled in."],
  // Of this phone as a reader.
  enrolment_refused: ["服务器没有接纳本机。", "The service did not let this phone in."],
  service_refused: ["服务器不再承认本机。请重新接入。", "The service no longer knows this phone. Let it in anew."],
  not_enrolled: ["本机尚未接入。", "This phone is not let in yet."],
  no_data: ["本机还没有数据。请联网。", "No data here yet. Go on line."],
  no_seal_key: ["无法封存记录，因此不能放行。请联网。", "The check cannot be recorded, so nothing is called valid. Go on line."],
  journal_full: ["记录已满。请联网上传。", "The log is full. Go on line."],
  journal_unusable: ["无法写入记录，因此不能判为有效。", "The check could not be recorded, so nothing is called valid."],
};

export function reasonWords(reason: string): Pair {
  return REASONS[reason] ?? [reason, reason];
}

/** What went wrong, in words; a reason that has none here is said as the service says it. */
export function wordsOf(failure: unknown): string {
  if (failure instanceof Unreachable) return say(reasonWords("unreachable"));
  if (failure instanceof NoPasskey) return say(reasonWords("no_passkey"));
  if (!(failure instanceof Problem) && !(failure instanceof ReaderError)) throw failure;
  const known = REASONS[failure.reason];
  return known === undefined ? `${failure.message} (${failure.reason})` : say(known);
}
