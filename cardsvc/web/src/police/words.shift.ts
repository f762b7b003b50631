/** Words of the shift, of details on line, of look-ups and of the hotlist. */
import type { Pair } from "./words.ts";

export const MORE = {
  begin: ["开始执勤", "Begin the shift"],
  beginWhy: [
    "用通行密钥登录。之后无需网络即可核验，直到本班结束。",
    "Sign in with your passkey. From then on this phone checks without a network, until the shift ends.",
  ],
  beginAgain: ["没有执勤，就不能扫描：捡到手机的人不应得知任何事。", "Without a shift nothing is scanned: whoever finds this phone must learn nothing."],
  letIn: ["接入本机", "Let this phone in"],
  letInWhy: ["本机还不是巡逻终端。登录后自动接入。", "This phone is no reader of the patrols yet. It becomes one by your session."],
  newLetIn: ["重新接入本机", "Let this phone in anew"],
  newLetInWhy: [
    "服务器不再承认本机。重新接入会丢弃尚未上传的记录。",
    "The service no longer knows this phone. Letting it in anew drops what has not been sent.",
  ],
  newLetInAsk: [
    "本机将删除密钥、数据和记录，须再次比对根文件。",
    "Keys, data and log leave this phone, and the root document is compared again.",
  ],
  newLetInLoses: ["尚未上传、将会丢失的记录：", "Records that were not sent and will be lost:"],
  rootTitle: ["比对根文件", "Compare the root document"],
  rootWhy: [
    "所有核验都以根文件为准。请与管理员当面给出的指纹逐组比对，只需一次。",
    "Every check goes by the root document. Compare its fingerprint, group by group, with the one an administrator gives you by hand. This is done once.",
  ],
  rootFile: ["从文件读取", "Read it from a file"],
  rootOnline: ["显示服务器的根文件", "Show the service's root document"],
  bundleWait: ["等待第一个数据包", "Waiting for the first bundle"],
  bundleWhy: ["根文件已固定。联网后自动下载数据包。", "The root document is kept. The bundle comes by itself when there is a network."],
  bundleAsk: ["立即下载", "Ask for it now"],
  kept: ["数据", "Data"],
  device: ["本机", "This phone"],
  waiting: ["待上传记录", "Records to be sent"],
  allSent: ["记录均已上传", "All records are sent"],
  lastError: ["上次更新未成功", "The last update failed"],
  sun: ["强光显示", "Sunlight"],
  shift: ["本班", "This shift"],
  until: ["至", "until"],
  checks: ["核验记录", "Checks"],
  noChecks: ["本班还没有核验。", "Nothing checked in this shift yet."],
  checksWhy: ["加密存在本机，本班结束时销毁。", "Kept encrypted on this phone, destroyed at the end of the shift."],
  signOut: ["结束执勤", "End the shift"],
  signOutAsk: ["结束执勤并清除本机的执勤资料？", "End the shift and clear it from this phone?"],
  yes: ["结束", "End it"],
  no: ["返回", "Go back"],

  details: ["详情", "Details"],
  detailsWhy: [
    "“详情”联网查询：留痕，持卡人可知；五分钟后关闭。",
    "Details ask the records on line: that is recorded, and the holder can see it. Open for five minutes.",
  ],
  detailsOff: ["离线：此卡此刻的状态无法查询。", "Off line: what the records say now cannot be asked."],
  asking: ["正在查询…", "Asking…"],
  closesIn: ["关闭倒计时", "closes in"],
  nowStatus: ["记录显示", "The records say"],
  permitNow: ["居留（现在）", "Permit now"],
  rights: ["服务", "Rights"],
  noRights: ["无", "none"],
  prints: ["印制", "Prints"],
  office: ["发卡单位", "Office"],
  noPortrait: ["照片未能载入", "The portrait did not come"],
  portrait: ["登记照片", "Portrait on record"],

  lookUp: ["无卡查询", "Look up without the card"],
  lookUpWhy: ["须有用途、案号和第二位警员同意。提出即计入额度。", "It takes a purpose, a case number and a second officer. Asking counts, whatever comes of it."],
  by: ["按", "By"],
  byPassport: ["护照", "Passport"],
  byCard: ["卡号", "Card number"],
  byName: ["姓名和生日", "Name and birthday"],
  passportNumber: ["护照号码", "Passport number"],
  country: ["签发国（三个字母）", "Issued by (three letters)"],
  cardNumber: ["卡号（13 位）", "Card number (13 digits)"],
  fullName: ["姓名", "Name"],
  birthday: ["出生日期", "Day of birth"],
  dayHint: ["年-月-日", "Year-month-day"],
  purpose: ["用途", "Purpose"],
  caseNumber: ["案号", "Case number"],
  caseHint: ["字母、数字和 / ( ) -，至少连续四位数字；不写姓名。", "Letters, digits and / ( ) -, four digits in a row at least. No name."],
  covertDays: ["对持卡人保密（天）", "Kept from the holder (days)"],
  covertHint: ["最多", "At most"],
  ask: ["提出请求", "Ask"],
  needsNetwork: ["需要网络", "Needs a network"],

  requests: ["请求", "Requests"],
  noRequests: ["没有请求。", "No requests."],
  own: ["我提出的", "Mine"],
  others: ["等待我的同意", "Waiting for my passkey"],
  about: ["对象", "About"],
  askedBy: ["提出人", "Asked by"],
  agree: ["用通行密钥同意", "Agree with my passkey"],
  agreeHere: ["第二位警员在此同意", "Second officer agrees here"],
  refuse: ["不同意", "Refuse"],
  takeBack: ["撤回", "Take back"],
  openAnswer: ["查看答复", "Open the answer"],
  foundNone: ["没有找到符合的人。", "Nobody fits."],
  answerClosed: ["答复已关闭，请重新提出。", "The answer is closed; ask anew."],
  foundTitle: ["查询答复", "Answer"],

  hotlist: ["查控名单", "Hotlist"],
  hotEmpty: ["名单为空。", "Nobody is looked for."],
  hotAdd: ["添加", "Add a card"],
  hotWhy: ["添加和解除都须另一位警员同意；持卡人不会得知。", "Adding and lifting take another officer. The holder is not told."],
  hotShown: ["已显示", "Shown"],
  hotMore: ["显示更多", "Show more"],
  hotUntil: ["截止日期", "Last day"],
  hotLift: ["申请解除", "Ask to lift"],
  placedBy: ["提出人", "Placed by"],
  back: ["返回", "Back"],
} as const satisfies Readonly<Record<string, Pair>>;

export const PURPOSES: Readonly<Record<string, Pair>> = {
  identity: ["核实身份", "Identity"],
  missing: ["寻找失踪人员", "Missing person"],
  accident: ["事故", "Accident"],
  document: ["证件遗失或拾获", "Lost or found document"],
  investigation: ["案件调查（保密）", "Investigation (covert)"],
  wanted: ["查缉（保密）", "Wanted (covert)"],
};

export const KINDS: Readonly<Record<string, Pair>> = {
  look_up: ["无卡查询", "Look-up"],
  hot: ["列入名单", "Put on the hotlist"],
  lift: ["从名单解除", "Lift from the hotlist"],
};

export const STATES: Readonly<Record<string, Pair>> = {
  waiting: ["等待同意", "waits for a second officer"],
  approved: ["已同意", "agreed"],
  answered: ["已答复", "answered"],
  done: ["已完成", "done"],
  refused: ["未同意", "refused"],
  over: ["已过期", "over"],
};

/** What the records say of a card now, and whether that is good. */
export const STATUSES: Readonly<Record<string, Pair>> = {
  valid: ["有效", "valid"],
  suspended: ["已暂停", "suspended"],
  revoked: ["已吊销", "revoked"],
  expired: ["已过期", "expired"],
  permit_over: ["居留已到期", "permit has ended"],
};

export const PRINTS: Readonly<Record<string, Pair>> = {
  valid: ["有效", "valid"],
  lost: ["挂失", "reported lost"],
  revoked: ["已吊销", "revoked"],
  replaced: ["已换发", "replaced"],
};
