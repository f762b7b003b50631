/** What staff read at a gate, beside the words of every reader's page. */
import { SERVICES } from "../reader/services.ts";
import type { Pair, Words } from "../device/ui/words.ts";
import { say } from "../device/ui/words.ts";

export const GATE = {
  title: ["闸口", "Gate"],
  choose: ["本机用途", "How this tablet stands"],
  mode: ["方式", "Mode"],
  staffed: ["有人值守", "Staffed"],
  kiosk: ["无人自助", "Kiosk"],
  staffedWhy: ["工作人员在旁，比对照片并决定无法核验的情况。", "Somebody stands by, compares the face, and decides what could not be checked."],
  kioskWhy: ["全屏，相机常开；设置由员工密码保护。", "Full screen, camera always on; settings are behind a staff code."],
  service: ["服务", "Service"],
  cardAlone: ["仅核验卡片", "the card alone"],
  direction: ["方向", "Direction"],
  in: ["进", "In"],
  out: ["出", "Out"],
  outAlways: ["离开永远放行。", "Leaving is always allowed."],
  camera: ["相机", "Camera"],
  front: ["前置", "front"],
  rear: ["后置", "back"],
  sound: ["声音", "Sound"],
  on: ["开", "on"],
  off: ["关", "off"],
  staffCode: ["员工密码（4–8 位数字）", "Staff code (4 to 8 digits)"],
  begin: ["开始", "Begin"],
  settings: ["设置", "Settings"],
  test: ["测试灯光与声音", "Test lights and sounds"],
  locked: ["输入员工密码", "Type the staff code"],
  wrongCode: ["密码不对，请稍候再试。", "That is not the code. Wait a moment, then try again."],
  open: ["解锁", "Open"],
  aim: ["请将卡上的码或手机码对准此处", "Hold the code on your card or phone here"],
  touchForSound: ["触摸屏幕以启用声音", "Touch the screen for sound"],
  challenge: ["此处需要手机证明", "Here your phone must prove itself"],
  challengeHow: ["用手机相机扫描此码，再把手机上的新码对准相机", "Scan this with your phone's camera, then hold the code it shows to this camera"],
  compareFace: ["比对照片与本人", "Compare the face with the person"],
  compareCard: ["比对卡面照片与本人", "Compare the face on the card with the person"],
  next: ["下一位", "Next"],
  letIn: ["查验证件后人工放行", "Let in after seeing their papers"],
  letInWhy: ["无法核验不等于伪造：请查看护照，由您决定。人工放行会记录。", "Not checked is not forged: look at the passport and decide. Letting in by hand is recorded."],
  byHand: ["已人工放行", "Let in by hand"],
  notRecorded: ["无法记录，不能放行。", "It could not be recorded, so nobody goes in."],
  until: ["有效期至", "valid until"],
  forHolder: ["给持卡人看", "For the holder"],
  held: ["数据", "data"],
} as const satisfies Words;

/** What a reason means for the staff, by the names of docs/format.md section 8 and docs/readers.md. */
const REASONS: Words = {
  ok: ["有效", "Valid"],
  not_ours: ["不是商友卡的码", "Not a card's code"],
  malformed: ["码已损坏", "The code is damaged"],
  unsupported: ["卡的格式比本机新，请更新本页", "The card is newer than this page: load it anew"],
  clock_suspect: ["本机时间有误，请校准", "This device's clock is wrong: set it right"],
  wrong_key_use: ["签名密钥无权签发此卡，按伪造处理", "The key may not sign this card: treat it as forged"],
  distrusted_key: ["签名密钥曾被盗用", "The signing key was stolen"],
  unknown_key: ["本机没有此卡的密钥：外地卡或数据较旧", "No key for this card here: another city's, or older data"],
  bad_signature: ["签名不符：伪造或被改动", "The signature does not fit: forged or changed"],
  stripped_binding: ["手机卡的副本，请打开手机卡", "A copy of a phone card: ask for the phone itself"],
  stale_code: ["手机码已过期，可能是截图", "The phone's code is too old, perhaps a picture of it"],
  replayed: ["这个手机码刚才出示过", "This phone code was shown before"],
  wrong_chip: ["芯片是复制品", "The chip is a copy"],
  chip_not_proved: ["芯片无法证明自己", "The chip could not prove its key"],
  not_yet_valid: ["卡尚未生效", "The card is not valid yet"],
  expired: ["卡已过期", "The card has expired"],
  data_expired: ["本机数据太旧，请联网", "This reader's data is too old: bring it on line"],
  data_stale: ["签名真实，但数据较旧", "Genuine, but this reader's data is old"],
  revoked: ["卡已吊销", "The card was revoked"],
  suspended: ["卡已暂停，或居留许可已到期", "The card is suspended, or the permit has ended"],
  replaced: ["已补发新卡，请出示新卡", "A newer print exists: ask for it"],
  status_unknown: ["签名真实，但状态未知", "Genuine, but its status is not known here"],
  permit_unknown: ["签名真实，但居留许可是否有效不明", "Genuine, but whether the permit still runs is not known"],
  low_assurance: ["这里不接受这种出示方式", "This way of showing the card is not enough here"],
  outside_hours: ["不在规定时间内", "Outside the hours"],
  no_entitlement: ["卡上没有这项服务", "The card does not hold this service"],
  entitlement_withdrawn: ["这项服务已取消", "This service was withdrawn"],
  quota_used: ["次数已用完", "The visits are used up"],
  passback: ["此卡刚刚进入过", "This card went in a moment ago"],
  seen_unusable: ["本机无法记住手机码", "This device cannot remember phone codes"],
  no_data: ["本机尚无数据，请联网", "No data yet: bring this reader on line"],
  no_seal_key: ["无法加密记录，请联网", "The log cannot be sealed: bring this reader on line"],
  journal_full: ["记录已满，请联网", "The log is full: bring this reader on line"],
  journal_unusable: ["记录无法写入", "The log cannot be written"],
  reader_fault: ["本机故障，请告知管理员", "A fault of this reader: tell the operator"],
};

export const reasonWords = (reason: string): Pair => REASONS[reason] ?? [reason, reason];

const SERVICE_WORDS: Readonly<Record<(typeof SERVICES)[number], Pair>> = {
  bus: ["公交", "Bus"],
  hospital: ["就医", "Clinic"],
  library: ["图书馆", "Library"],
  bicycle: ["自行车", "Bicycle"],
  parking: ["停车", "Parking"],
  payment: ["小额支付", "Small payments"],
  hotel: ["住宿", "Hotel"],
  community: ["社区门禁", "Community door"],
  standing: ["信誉", "Standing"],
  credit: ["赊购", "Credit"],
  exchange: ["外汇", "Exchange"],
  enterprise: ["企业登记", "Company registration"],
  purchase: ["采购备案", "Purchase records"],
  desk: ["服务窗口", "Service desk"],
  network: ["无线网络", "Wireless network"],
  scenic: ["景区", "Scenic spot"],
  campus: ["校园", "Campus"],
};

export function serviceWords(service: number | null): string {
  if (service === null) return say(GATE.cardAlone);
  const name = SERVICES[service - 1];
  return name === undefined ? String(service) : say(SERVICE_WORDS[name]);
}
