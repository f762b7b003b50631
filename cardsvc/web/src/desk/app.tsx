/** The frame around every screen: where one can go, who one is, and what the keys do. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect } from "preact/hooks";
import type { Role } from "../shared/api/staff.ts";
import { language, t, useLanguage, type Key } from "../shared/i18n/index.ts";
import { addShortcuts } from "../shared/keys.ts";
import { Away, Button, Empty, Failure, Speaker } from "../shared/ui/kit.tsx";
import { Acts } from "./acts.tsx";
import { Approve } from "./approve.tsx";
import { Audit } from "./audit.tsx";
import { Cards } from "./cards.tsx";
import { CardScreen } from "./card.tsx";
import { CaseScreen } from "./case.tsx";
import { Help } from "./help.tsx";
import { ImportScreen } from "./import.tsx";
import { InvitationScreen } from "./invitation.tsx";
import { Keys } from "./approverkeys.tsx";
import { useLeaving } from "./leaving.tsx";
import { NewCase } from "./newcase.tsx";
import { Phones } from "./phones.tsx";
import { PreapplicationScreen } from "./preapplication.tsx";
import { Preapplications } from "./preapplications.tsx";
import { Printing } from "./printing.tsx";
import { QueueScreen } from "./queue.tsx";
import { SignIn } from "./signin.tsx";
import { Staff } from "./staff.tsx";
import { StepUp } from "./stepup.tsx";
import { ListScreen } from "./department/list.tsx";
import { ServiceScreen } from "./department/service.tsx";
import { ServicesScreen } from "./department/services.tsx";
import { NewReaderScreen } from "./readers/newreader.tsx";
import { ReaderScreen } from "./readers/reader.tsx";
import { ReadersScreen } from "./readers/readers.tsx";
import { UseScreen } from "./readers/use.tsx";
import { VenueScreen } from "./readers/venue.tsx";
import { VenuesScreen } from "./readers/venues.tsx";
import { loadSession } from "./session.ts";
import { go, leaving, link, may, over, place, session, signedIn, startFailure } from "./state.ts";
import { switchTheme, theme } from "./theme.ts";

interface Screen {
  readonly words: Key;
  readonly roles: readonly Role[];
  readonly show: (rest: string[]) => JSX.Element;
  /** Its key in the shortcuts, `g` never needed: one letter each. */
  readonly key?: string;
}

const SCREENS: Readonly<Record<string, Screen>> = {
  queue: { words: "nav.queue", roles: ["clerk", "approver", "printer", "operator"], show: () => <QueueScreen />, key: "q" },
  phoned: { words: "nav.phoned", roles: ["clerk"], show: ([reference, seen]) => (reference ? <PreapplicationScreen key={reference} reference={reference} seen={seen ?? null} /> : <Preapplications />), key: "h" },
  approve: { words: "nav.approve", roles: ["approver"], show: () => <Approve />, key: "a" },
  services: { words: "nav.services", roles: ["department"], show: ([service, list]) => departmentScreen(service, list), key: "s" },
  acts: { words: "nav.acts", roles: ["approver", "department"], show: () => <Acts /> },
  cards: {
    words: "nav.cards",
    roles: ["clerk", "approver", "operator"],
    show: ([number]) => (number ? <CardScreen key={number} number={number} /> : <Cards />),
    key: "c",
  },
  phones: { words: "nav.phones", roles: ["clerk", "approver"], show: () => <Phones /> },
  print: { words: "nav.print", roles: ["printer", "clerk"], show: () => <Printing />, key: "p" },
  readers: { words: "nav.readers", roles: ["operator", "department"], show: ([reader]) => readerScreen(reader), key: "r" },
  venues: { words: "nav.venues", roles: ["operator", "department"], show: ([venue]) => (venue ? <VenueScreen key={venue} id={venue} /> : <VenuesScreen />), key: "v" },
  use: { words: "nav.use", roles: ["operator", "department"], show: () => <UseScreen />, key: "u" },
  staff: { words: "nav.staff", roles: ["operator"], show: () => <Staff /> },
  audit: { words: "nav.audit", roles: ["auditor", "dpo", "operator"], show: () => <Audit /> },
  keys: { words: "nav.keys", roles: ["approver", "operator", "auditor"], show: () => <Keys /> },
};

/** Reached from other screens, not from the bar. */
const INNER: Readonly<Record<string, (rest: string[]) => JSX.Element>> = {
  case: ([id]) => <CaseScreen key={id} id={id ?? ""} />,
  new: () => <NewCase />,
  import: () => <ImportScreen />,
};

function readerScreen(reader: string | undefined): JSX.Element {
  if (reader === "new" && may("operator")) return <NewReaderScreen />;
  return reader ? <ReaderScreen key={reader} id={reader} /> : <ReadersScreen />;
}

function departmentScreen(service: string | undefined, list: string | undefined): JSX.Element {
  if (service && list) return <ListScreen key={list} service={service} id={list} />;
  return service ? <ServiceScreen key={service} service={service} /> : <ServicesScreen />;
}

const helpOpen = signal(false);

export function App() {
  const [head, ...rest] = place.value;
  void language.value;
  const invited = head === "invitation";
  return (
    <>
      {(invited || !signedIn.value) && <Plain>{invited ? <InvitationScreen code={rest[0] ?? ""} /> : <Door />}</Plain>}
      {!invited && session.value && <Away.Provider value={over.value}><Inside head={head} rest={rest} /></Away.Provider>}
      <Speaker />
    </>
  );
}

function Door() {
  if (startFailure.value) return <Failure of={startFailure.value} again={() => void loadSession()} />;
  return session.value === undefined ? <p class="mute">{t("state.loading")}</p> : <SignIn />;
}

/** Before anybody is signed in: the seal, one thing to do, and the languages. */
function Plain({ children }: { children: JSX.Element }) {
  return (
    <div class="outer">
      <header>
        <Seal />
        <div class="tools"><Tools /></div>
      </header>
      <main id="main">{children}</main>
    </div>
  );
}

function Inside({ head, rest }: { head: string | undefined; rest: string[] }) {
  const mine = Object.entries(SCREENS).filter(([, screen]) => may(...screen.roles));
  const first = mine[0]?.[0] ?? "queue";
  const known = head !== undefined && (head in INNER || mine.some(([name]) => name === head));
  useEffect(() => {
    // Who went somewhere else before this ran is not called back.
    if (!known && !leaving()) go(first);
  }, [known, first]);
  useLayoutEffect(
    () =>
      addShortcuts([
        { key: "?", words: () => t("nav.help"), run: () => (helpOpen.value = true) },
        ...mine.flatMap(([name, { key, words }]) => (key ? [{ key, words: () => t(words), run: () => go(name) }] : [])),
        ...(may("clerk") ? [{ key: "n", words: () => t("queue.new"), run: () => go("new") }] : []),
      ]),
    [session.value?.staff.role],
  );
  const away = over.value;
  useLayoutEffect(() => {
    // The sign-in takes the focus, and gives it back.
    if (!away) return undefined;
    const at = document.activeElement;
    if (!(at instanceof HTMLElement)) return undefined;
    at.blur();
    return () => at.focus();
  }, [away]);
  const leaver = useLeaving();
  const show = head && (INNER[head] ?? SCREENS[head]?.show);
  return (
    <div class="inside" hidden={away} inert={away}>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById("main")?.focus())}>
        {t("nav.skip")}
      </a>
      <header class="bar">
        <Seal />
        <nav aria-label={t("nav.label")}>
          {mine.map(([name, { words, key }]) => (
            <a key={name} href={link(name)} aria-current={belongs(head) === name ? "page" : undefined} aria-keyshortcuts={key?.toUpperCase()}>
              {t(words)}
            </a>
          ))}
        </nav>
        <div class="tools">
          <Tools />
          <Who busy={leaver.busy} out={leaver.out} />
        </div>
      </header>
      {session.value?.demo && <p class="demo">{t("nav.demo")}</p>}
      <main id="main" tabIndex={-1}>
        {known && show ? show(rest) : null}
        {mine.length === 0 && <Empty k="nav.nothing"><a href="/police">/police</a></Empty>}
      </main>
      <StepUp />
      {leaver.said}
      {helpOpen.value && <Help close={() => (helpOpen.value = false)} />}
    </div>
  );
}

const belongs = (head: string | undefined): string | undefined => (head && head in INNER ? "queue" : head);

function Seal() {
  return (
    <div class="seal">
      <span class="stamp" lang="zh-CN" aria-hidden="true">义</span>
      <span>
        <b lang="zh-CN">商友卡</b>
        <small>{t("nav.desk")}</small>
      </span>
    </div>
  );
}

function Tools() {
  const other = language.value === "en" ? "zh" : "en";
  return (
    <>
      <button type="button" class="tool" lang={other === "zh" ? "zh-CN" : "en"} onClick={() => useLanguage(other)}>
        {other === "zh" ? "中文" : "English"}
      </button>
      <button type="button" class="tool" aria-label={t(theme.value === "light" ? "nav.dark" : "nav.light")} onClick={switchTheme}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          {theme.value === "light" ? <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z" /> : <path d="M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM12 1.5v2.5m0 16v2.5M1.5 12H4m16 0h2.5M4.6 4.6l1.8 1.8m11.2 11.2 1.8 1.8m0-14.8-1.8 1.8M6.4 17.6l-1.8 1.8" />}
        </svg>
      </button>
      {signedIn.value && (
        <button type="button" class="tool" aria-label={t("nav.help")} aria-keyshortcuts="?" onClick={() => (helpOpen.value = true)}>
          ?
        </button>
      )}
    </>
  );
}

function Who({ busy, out }: { busy: boolean; out: () => void }) {
  const staff = session.value?.staff;
  if (!staff) return null;
  return (
    <div class="who">
      <span>
        <b><bdi>{staff.name}</bdi></b>
        <small>{t(`role.${staff.role}`)} · <bdi>{staff.office}</bdi></small>
      </span>
      <Button kind="quiet" busy={busy} onClick={out}>{t("nav.leave")}</Button>
    </div>
  );
}
