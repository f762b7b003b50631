/** What the staff at a reader read, in both languages at once or in the one chosen. */
import { signal } from "@preact/signals";
import type { Alarm } from "../device.ts";
import type { Answer } from "../../reader/verdict.ts";
import { remember, remembered } from "../../shared/remembered.ts";

export type Language = "zh" | "en";
export type Pair = readonly [zh: string, en: string];
export type Words = Readonly<Record<string, Pair>>;

const KEPT = "reader.language";
const kept = remembered(KEPT);
const first = kept === "zh" || kept === "en" ? kept : navigator.language.startsWith("zh") ? "zh" : "en";

export const language = signal<Language>(first);

export const other = (): Language => (language.value === "zh" ? "en" : "zh");

export function useLanguage(next: Language): void {
  language.value = next;
  remember(KEPT, next);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
}

export const say = (pair: Pair): string => pair[language.value === "zh" ? 0 : 1];
/** The same in the other language, for headings that show both. */
export const sayOther = (pair: Pair): string => pair[language.value === "zh" ? 1 : 0];

export const ANSWERS: Readonly<Record<Answer, Pair>> = {
  allow: ["通过", "Allowed"],
  attention: ["无法核验", "Cannot check"],
  deny: ["不通过", "Not allowed"],
};

export const ALARMS: Readonly<Record<Alarm, Pair>> = {
  no_data: ["尚无数据，不能放行。请联网。", "No data yet: nobody goes in. Bring this reader on line."],
  clock_wrong: ["本机时间有误，请校准。", "This device's clock is wrong. Set it right."],
  data_expired: ["数据已过期，不能放行。请联网。", "The data has run out: nobody goes in. Bring this reader on line."],
  data_stale: ["数据较旧，请联网。", "The data is old. Bring this reader on line."],
  log_fails: ["记录无法写入，不能放行。", "The log cannot be written: nobody goes in."],
  log_full: ["记录已满，有核验未能记录。请联网。", "The log is full; some checks were not recorded. Bring this reader on line."],
  log_filling: ["记录即将写满，请联网。", "The log fills up. Bring this reader on line."],
  records_refused: ["服务拒收部分记录，请告知管理员。", "The service will not take some records. Tell the operator."],
  sync_fails: ["数据更新被拒，请告知管理员。", "New data was refused. Tell the operator."],
  upload_fails: ["记录上传被拒，请告知管理员。", "The log was refused. Tell the operator."],
};

export const WORDS = {
  online: ["在线", "on line"],
  offline: ["离线", "off line"],
  data: ["数据", "data"],
  noData: ["无数据", "no data"],
  ago: ["{}前", "{} old"],
  language: ["English", "中文"],
  back: ["返回", "Back"],
  close: ["关闭", "Close"],
  starting: ["正在启动相机…", "Starting the camera…"],
  noCamera: ["无法使用相机。请允许使用，或用扫码枪。", "The camera cannot be used. Allow it, or use a hand scanner."],
  fault: ["本机出错，正在重试。", "This reader has a fault; it tries again."],
  noCode: ["图中没有找到二维码。", "No code in this picture."],
  picture: ["图片", "Picture"],
  broken: ["此浏览器不保存数据（无痕窗口？），不能作为读卡器。", "This browser keeps nothing (a private window?), so it cannot be a reader."],

  setUp: ["启用本机", "Set up this reader"],
  code: ["一次性代码", "One-time code"],
  codeHint: ["由管理员在“读卡器”页面生成，形如 K7F2-9QXM。", "An operator makes it on the page Readers; it looks like K7F2-9QXM."],
  enrol: ["启用", "Let this reader in"],
  compare: ["核对根文件指纹", "Compare the root document"],
  compareWhy: [
    "以后的一切都以根文件为准，所以由人核对一次：请管理员读出指纹，与下面逐组比对。",
    "Everything later rests on the root document, so a person compares it once: have the operator read out the fingerprint, and compare each group.",
  ],
  fetching: ["正在读取…", "Fetching…"],
  again: ["重试", "Try again"],
  same: ["一致，固定", "It is the same: keep it"],
  different: ["不一致", "It is not the same"],
  stopHere: [
    "请不要使用本机。这里的网络或服务可能是冒充的，请立即告知管理员。",
    "Do not use this reader. The network or the service here may be false; tell the operator at once.",
  ],
  waiting: ["正在下载第一份数据…", "Fetching the first data…"],
  refused: ["未成功，请告知管理员。", "That did not work. Tell the operator."],
  notHere: ["这个代码是给警务手机的，请打开 /police。", "This code is for officers' phones: open /police."],

  status: ["状态", "Status"],
  allWell: ["一切正常", "All is well"],
  reader: ["读卡器", "Reader"],
  venue: ["地点", "Venue"],
  key: ["本机密钥", "This device's key"],
  dataOf: ["数据时间", "Data of"],
  asked: ["上次询问", "Last asked for"],
  brought: ["上次上传", "Log last brought"],
  never: ["本次打开后尚未", "not since this page was opened"],
  waitingRecords: ["待上传记录", "Records that wait"],
  ofRecords: ["共 {} 条", "{} in all"],
  room: ["记录已占空间", "Room taken by the log"],
  missed: ["未能记录", "Not recorded"],
  refusedRecords: ["服务未收", "Not taken by the service"],
  storage: ["本机存储", "Storage"],
  storageOf: ["{} / {}", "{} of {}"],
  persistent: ["已保护，不会被浏览器清除", "kept safe from the browser's own cleaning"],
  evictable: ["浏览器空间不足时可能清除", "the browser may clear it when short of room"],
  screen: ["屏幕常亮", "Screen stays lit"],
  yes: ["是", "yes"],
  no: ["否", "no"],
  askNow: ["立即更新数据", "Ask for data now"],
  bringNow: ["立即上传记录", "Bring the log now"],
  reset: ["停用本机", "End this reader"],
  resetWhy: [
    "密钥、数据和记录将从本机删除，需要新代码才能再次启用。",
    "Keys, data and log leave this device; it takes a new code to let it in again.",
  ],
  resetLoses: ["还有 {} 条记录未上传，将会丢失。", "{} records have not been brought and would be lost."],
  resetType: ["输入读卡器名称以确认", "Type the reader's name to confirm"],
} as const satisfies Words;

/** A number of seconds as people say it: `45 s`, `3 h`, `4 days`. */
export function age(seconds: number): string {
  const units: readonly (readonly [number, string])[] = [[86_400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
  const [size, unit] = units.find(([one]) => seconds >= 2 * one) ?? [1, "second"];
  const format = new Intl.NumberFormat(language.value, { style: "unit", unit, unitDisplay: "short" });
  return format.format(Math.max(0, Math.floor(seconds / size)));
}

/** An instant on this device's wall clock. */
export function clock(epochS: number): string {
  return new Date(epochS * 1000).toLocaleString(language.value === "zh" ? "zh-CN" : "en-GB", {
    month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
  }); // prettier-ignore
}

/** A text with its gaps filled in order. */
export function filled(pair: Pair, ...values: readonly (string | number)[]): string {
  let at = 0;
  return say(pair).replace(/\{\}/g, () => String(values[at++] ?? ""));
}
