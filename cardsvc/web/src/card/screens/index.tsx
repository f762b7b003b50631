/** Every screen and where it is found. A new one is a file beside this one and a line here. */
import type { JSX } from "preact";
import type { Key } from "../words/index.ts";
import { AddScreen } from "./add.tsx";
import { AnswerScreen } from "./answer.tsx";
import { ApplicantScreen } from "./applicant.tsx";
import { ApplicationScreen } from "./application.tsx";
import { ApplyScreen } from "./apply.tsx";
import { CardScreen } from "./card.tsx";
import { ConsentsScreen } from "./consents.tsx";
import { DoorScreen, LooksScreen } from "./looks.tsx";
import { LostScreen } from "./lost.tsx";
import { MoreScreen } from "./more.tsx";
import { GiveScreen, TakeScreen } from "./moving.tsx";
import { PaperScreen, RecoverScreen } from "./paper.tsx";
import { StandingScreen } from "./standing.tsx";

interface Tab {
  readonly name: string;
  readonly words: Key;
  /** A path of a 24 × 24 picture, drawn in lines. */
  readonly icon: string;
}

/** What the bar below leads to; every screen belongs to one of them. */
export const TABS: readonly Tab[] = [
  { name: "card", words: "nav.card", icon: "M3 6.5h18v11H3zM6.5 10h3v3h-3zM13 10.5h5M13 13.5h3" },
  { name: "more", words: "nav.more", icon: "M5 12h.01M12 12h.01M19 12h.01" },
];

interface Screen {
  readonly tab: string;
  /** `rest`: the parts of the address behind the screen's own name. */
  readonly show: (rest: readonly string[]) => JSX.Element;
}

export const SCREENS: Readonly<Record<string, Screen>> = {
  card: { tab: "card", show: () => <CardScreen /> },
  add: { tab: "card", show: ([code]) => <AddScreen key={code} code={code ?? ""} /> },
  answer: { tab: "card", show: ([nonce = "", audience = ""]) => <AnswerScreen key={nonce} nonce={nonce} audience={audience} /> },
  take: { tab: "card", show: () => <TakeScreen /> },
  recover: { tab: "card", show: () => <RecoverScreen /> },
  give: { tab: "more", show: ([code]) => <GiveScreen key={code} code={code ?? ""} /> },
  paper: { tab: "more", show: () => <PaperScreen /> },
  lost: { tab: "more", show: () => <LostScreen /> },
  looks: { tab: "more", show: () => <LooksScreen /> },
  door: { tab: "more", show: () => <DoorScreen /> },
  apply: { tab: "more", show: ([id, state]) => applying(id, state) },
  more: { tab: "more", show: () => <MoreScreen /> },
  standing: { tab: "more", show: () => <StandingScreen /> },
  consents: { tab: "more", show: () => <ConsentsScreen /> },
};
export const FIRST = "card";

function applying(id: string | undefined, state: string | undefined): JSX.Element {
  if (id === undefined) return <ApplyScreen />;
  return state === undefined ? <ApplicantScreen key={id} id={id} /> : <ApplicationScreen key={id} id={id} />;
}
