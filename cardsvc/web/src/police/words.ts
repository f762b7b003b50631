/** What the officer reads, in both languages at once or in the one chosen. */
import { signal } from "@preact/signals";
import type { Answer } from "../reader/verdict.ts";
import { remember, remembered } from "../shared/remembered.ts";

export type Language = "zh" | "en";
export type Pair = readonly [zh: string, en: string];

const KEPT = "police.language";
const kept = remembered(KEPT);
const asked = navigator.language.startsWith("zh") ? "zh" : "en";

export const language = signal<Language>(kept === "zh" || kept === "en" ? kept : asked);

export function useLanguage(next: Language): void {
  remember(KEPT, next);
  language.value = next;
}

/** The language that is not chosen, as an attribute of what is written in it. */
export function otherLanguage(): Language {
  return language.value === "zh" ? "en" : "zh";
}

export function say(pair: Pair): string {
  return pair[language.value === "zh" ? 0 : 1];
}
/** The same in the other language, for headings that show both. */
export function other(pair: Pair): string {
  return pair[language.value === "zh" ? 1 : 0];
}

export const ANSWERS: Readonly<Record<Answer, Pair>> = {
  allow: ["有效", "Valid"],
  attention: ["无法核验", "Cannot check"],
  deny: ["无效", "Not valid"],
};

export const WORDS = {
  check: ["核验", "Check"],
  card: ["卡上内容", "On the card"],
  next: ["继续扫描", "Scan next"],
  aim: ["把卡背面的码放进框内", "Hold the code on the back into the frame"],
  starting: ["正在启动相机…", "Starting the camera…"],
  torch: ["照明", "Light"],
  zoom: ["变焦", "Zoom"],
  gallery: ["相册", "Picture"],
  menu: ["更多", "More"],
  update: ["更新数据", "Update data"],
  online: ["在线", "online"],
  offline: ["离线", "offline"],
  data: ["数据", "data"],
  name: ["姓名", "Name"],
  nationality: ["国籍", "Nationality"],
  birth: ["出生", "Born"],
  passport: ["护照", "Passport"],
  permit: ["居留", "Permit"],
  asPrinted: ["印制时", "as printed"],
  asOf: ["状态截至", "status as of"],
  class: ["类别", "Class"],
  number: ["卡号", "Card"],
  shown: ["出示", "Shown as"],
  note: ["备注", "Note"],
  noteNone: ["无", "none"],
  noteCall: ["联系值班室", "call duty desk"],
  noteUnknown: ["未知", "not known"],
  until: ["有效期至", "valid until"],
  phrases: ["用语", "Phrases"],
  close: ["关闭", "Close"],
  language: ["English", "中文"],
  noFace: ["门禁码没有照片：请扫描卡背面的码", "The gate code has no face: scan the code on the back"],
  facePaper: ["照片只供比对", "The face helps to compare; it proves nothing by itself"],
  rootCompare: ["请与管理员给出的指纹比对", "Compare with the fingerprint your administrator gives"],
  rootAccept: ["指纹一致，固定", "It is the same: keep it"],
  holderHelp: ["给持卡人看", "Show the holder"],
} as const satisfies Readonly<Record<string, Pair>>;

export const CLASSES: Readonly<Record<string, Pair>> = {
  merchant: ["商户", "Merchant"],
  resident: ["居民", "Resident"],
  student: ["学生", "Student"],
  talent: ["人才", "Talent"],
  family: ["家属", "Family"],
};

export const SHOWN: Readonly<Record<string, Pair>> = {
  print: ["印制卡", "printed card"],
  chip: ["芯片", "chip"],
  "chip-proved": ["芯片（已证明）", "chip, proved"],
  phone: ["手机卡", "phone card"],
  "phone-proved": ["手机卡（已证明）", "phone card, proved"],
};

/** A number of seconds as people say it: `45 s`, `3 h`, `4 days`. */
export function age(seconds: number): string {
  const units: readonly [number, Intl.NumberFormatOptions["unit"]][] = [
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
  ];
  const found = units.find(([size]) => seconds >= 2 * size) ?? [1, "second"];
  const [size, unit] = found as [number, string];
  const format = new Intl.NumberFormat(language.value, { style: "unit", unit, unitDisplay: "short" });
  return format.format(Math.floor(seconds / size));
}

/** An instant on this phone's wall clock. */
export function clock(epochS: number): string {
  return new Date(epochS * 1000).toLocaleString(language.value === "zh" ? "zh-CN" : "en-GB", {
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
}

/** The last day of something that ends with it, at midnight here. */
export function lastDay(end: string): string {
  return new Date(Date.parse(end) - 1000).toLocaleDateString("sv-SE"); // Sweden writes ISO 8601.
}
