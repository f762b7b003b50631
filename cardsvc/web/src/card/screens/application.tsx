/** What became of an application that was sent: what to bring, what to show at the desk, and the card at last. */
import { useEffect } from "preact/hooks";
import { qr } from "../../shared/qr.ts";
import { QrPicture } from "../../shared/ui/qrpicture.tsx";
import { applicants, askAll, bringCard, deskName, forget, isOpen, screenText, type Applicant, type Became } from "../applying.ts";
import { label, why } from "../fields.ts";
import { date, language, rightToLeft, tag, type Language } from "../language.ts";
import { go, goInstead, link } from "../place.ts";
import { Note, Title, useTask, Wrong } from "../ui.tsx";
import { say, told } from "../words/index.ts";
import { stageOf, toneOf } from "./apply.tsx";
import { Leave } from "./applicant.tsx";

export function ApplicationScreen({ id }: { readonly id: string }) {
  const one = applicants.value.find((other) => other.id === id);
  useEffect(() => void askAll(), []);
  if (one === undefined || one.told === null) return <Title back={["apply"]}>{say("became.forgotten")}</Title>;
  const became = one.told;
  const open = isOpen(one);
  return (
    <>
      <Title back={["apply"]}><bdi>{one.name || say("apply.nameless")}</bdi></Title>
      <Note tone={toneOf(one)} aloud>
        <p><strong>{say(stageOf(one))}</strong></p>
        {open && <Appointment of={became} />}
      </Note>
      {became.state === "issued" && <Put one={one} />}
      {became.state === "refused" && became.letter && <Letter of={became.letter} />}
      {open && <Show of={became} />}
      {open && became.bring.length > 0 && <List title={say("bring")} of={became.bring.map((thing) => told("bring", thing))} />}
      {open && became.errors.length > 0 && <Wrongs of={became} />}
      {open && <a class="button" href={link("apply", id)}>{say("apply.change")}</a>}
      {open ? <Leave one={one} /> : <Remove one={one} />}
    </>
  );
}

function Appointment({ of: { day, half, office, confirmed, kept_until } }: { readonly of: Became }) {
  const when = day && half && { d: date(day, "full"), half: say(`half.${half}`), desk: deskName(office ?? "") };
  return (
    <>
      {when && <p>{say(confirmed ? "apply.come" : "apply.wished", when)}</p>}
      <p>{say("apply.until", { d: date(kept_until) })}</p>
    </>
  );
}

/** The reference and the key's digits, for the desk's scanner and for its eyes. */
function Show({ of }: { readonly of: Became }) {
  return (
    <section class="panel show">
      <h2>{say("apply.show")}</h2>
      <div class="code small"><QrPicture modules={qr(screenText(of))} label={say("apply.show")} /></div>
      <p>{say("reference")} <bdi class="reference" dir="ltr">{of.reference}</bdi></p>
      <p class="fingerprint plain" dir="ltr">{of.fingerprint}</p>
      <p class="hint">{say("apply.show.hint")}</p>
    </section>
  );
}

function List({ title, of }: { readonly title: string; readonly of: readonly string[] }) {
  return (
    <section class="panel">
      <h2>{title}</h2>
      <ul class="dotted">{of.map((words) => <li key={words}>{words}</li>)}</ul>
    </section>
  );
}

/** The same thing to do is said once, however many rules it breaks. */
function Wrongs({ of }: { readonly of: Became }) {
  const said = [...new Set(of.errors.map(({ field, reason }) => `${label(field)} ${why(reason)}`))];
  return (
    <>
      <List title={say("apply.wrong")} of={said} />
      <p class="hint">{say("apply.wrong.hint")}</p>
    </>
  );
}

/** In the language of the page where there is one, else in that of the application. */
function Letter({ of }: { readonly of: Readonly<Record<string, string>> }) {
  const own = Object.keys(of).find((code) => code !== "en" && code !== "zh");
  const code = [language.value, own, "en"].find((one) => one !== undefined && one in of) ?? "en";
  return (
    <section class="panel">
      <h2>{say("letter")}</h2>
      <p class="letter" lang={tag(code as Language)} dir={rightToLeft(code as Language) ? "rtl" : "ltr"}>{of[code]}</p>
    </section>
  );
}

export const PUTTING = { refused: "wrong.refused", too_many_phones: "wrong.phones", phone_not_seen: "intro" } as const;

function Put({ one }: { readonly one: Applicant }) {
  const task = useTask(PUTTING);
  const put = async (): Promise<void> => {
    if (await task.run(() => bringCard(one))) goInstead("card");
  };
  return (
    <>
      <Wrong of={task.wrong} />
      <button type="button" class="first" disabled={task.busy} onClick={() => void put()}>{say("apply.put")}</button>
    </>
  );
}

function Remove({ one }: { readonly one: Applicant }) {
  const remove = (): Promise<void> => forget(one).then(() => go("apply"));
  return <button type="button" class="row" onClick={() => void remove()}>{say("apply.remove")}</button>;
}
