/** What somebody at a reader is to do where it could not be set up or brought up to date. */
import type { Pair } from "./words.ts";

/** In the same words on the officer's page. */
export const ANYWHERE = {
  unreachable: ["连不上服务器。请稍后再试。", "The service does not answer. Try again when there is a network."],
  state_unwritable: ["本机无法保存数据。请腾出空间，或退出无痕浏览。", "This device keeps nothing: make room, or leave private browsing."],
  state_changed: ["本机的另一个窗口刚改动了数据。请再试一次。", "Another window of this reader was quicker. Try again."],
  reader_fault: ["本机出错。请重新打开页面。", "This reader has a fault. Open the page again."],
} as const satisfies Readonly<Record<string, Pair>>;

const GARBLED: Pair = ["服务器的答复有误。请检查网络，并告知管理员。", "The service's answer makes no sense. Look at the network, and tell the operator."];

export const REFUSALS: Readonly<Record<string, Pair>> = {
  ...ANYWHERE,
  enrolment_refused: [
    "服务器没有接纳本机。请核对代码和本机时间；仍不行，请管理员生成新代码。",
    "The service did not let this reader in. Look at the code and at this device's clock; else ask the operator for a new code.",
  ],
  service_refused: [
    "服务器拒绝了本机。请核对本机时间；仍不行，请告知管理员。",
    "The service turned this reader away. Look at this device's clock; if it is right, tell the operator.",
  ],
  not_enrolled: ["本机尚未启用。请先输入一次性代码。", "This reader is not let in yet. Type a one-time code first."],
  malformed: GARBLED,
  too_large: GARBLED,
};
