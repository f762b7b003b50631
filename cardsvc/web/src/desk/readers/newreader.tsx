/** Letting a reader in: what it is, then a code shown this once, with all that its installer types. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as api from "../../shared/api/readers.ts";
import { minute, t } from "../../shared/i18n/index.ts";
import { anyQr } from "../../shared/qr.ts";
import { SelectField, TextField, trimmed } from "../../shared/ui/fields.tsx";
import { Button, Empty, Failure, Note, Title, say, useLoad, useTask } from "../../shared/ui/kit.tsx";
import { link, place } from "../state.ts";
import { KindIcon, serviceName } from "./parts.tsx";
import { positionOf } from "./position.ts";
import { QrPicture, download } from "./qrpicture.tsx";

export function NewReaderScreen() {
  const [made, setMade] = useState<api.Code | null>(null);
  const { data, failure, reload } = useLoad(api.venues, []);
  return (
    <section class="panel narrow">
      <a href={link("readers")} class="back">← {t("reader.back")}</a>
      <Title k="newreader.title" sub={made ? undefined : t("newreader.sub")} />
      {failure !== null && <Failure of={failure} again={reload} />}
      {data && data.venues.length === 0 && <Empty k="venues.none"><a class="button primary" href={link("venues", "new")}>{t("venues.add")}</a></Empty>}
      {data && data.venues.length > 0 && !made && <Wanted venues={data.venues} made={setMade} />}
      {made && <Given code={made} again={() => setMade(null)} />}
    </section>
  );
}

interface WantedProps {
  readonly venues: readonly api.Venue[];
  readonly made: (code: api.Code) => void;
}

function Wanted({ venues, made }: WantedProps) {
  const [venue, setVenue] = useState(place.value[2] ?? "");
  const [kind, setKind] = useState<api.Kind>("door");
  const [name, setName] = useState("");
  const [site, setSite] = useState("");
  const [position, setPosition] = useState("");
  const [service, setService] = useState("");
  const [profile, setProfile] = useState("");
  const task = useTask();
  const config = venues.find((one) => one.id === venue)?.config;
  const at = positionOf(position);
  const several = (config?.services.length ?? 0) > 1;
  const wrongName = name !== "" && !/^[a-z0-9][a-z0-9-]{0,47}$/.test(name);
  const send = (event: Event) => {
    event.preventDefault();
    if (at === undefined || wrongName) return;
    void task.run(async () => {
      made(await api.makeCode({ venue, kind, name: name || null, profile: profile || null, site: trimmed(site) || null, position: at, service: service || null }));
      say(t("newreader.made"));
    });
  };
  return (
    <form class="stack wide" onSubmit={send}>
      <SelectField label={t("readers.venue")} value={venue} change={(to) => (setVenue(to), setService(""), setProfile(""))} choices={[{ value: "", words: t("choose") }, ...venues.map((one) => ({ value: one.id, words: `${one.config.name} (${one.id})` }))]} select={{ required: true }} />
      <fieldset class="kinds">
        <legend class="label">{t("reader.kind")}</legend>
        {api.KINDS.map((one) => (
          <label key={one} class={one === kind ? "kindcard on" : "kindcard"}>
            <input type="radio" name="kind" checked={one === kind} onChange={() => setKind(one)} />
            <KindIcon of={one} />
            <span><b>{t(`readerkind.${one}`)}</b><small>{t(`readerkind.${one}.words`)}</small></span>
          </label>
        ))}
      </fieldset>
      {several && <SelectField label={t("newreader.service")} hint={t("newreader.service.hint")} value={service} change={setService} choices={[{ value: "", words: t("newreader.service.none") }, ...(config?.services ?? []).map((value) => ({ value, words: serviceName(value) }))]} />}
      {config && config.role !== "gate" && <SelectField label={t("reader.profile")} hint={t("newreader.profile.hint")} value={profile} change={setProfile} choices={[{ value: "", words: t(`profile.${config.role}`) }, { value: "gate", words: t("profile.gate") }]} />}
      <TextField label={t("newreader.name")} hint={t("newreader.name.hint")} error={wrongName ? t("newreader.name.wrong") : null} value={name} change={setName} input={{ dir: "ltr", placeholder: venue ? `${venue}-1` : "" }} />
      <TextField label={t("reader.site")} hint={t("reader.site.hint")} value={site} change={setSite} input={{ maxLength: 200 }} />
      <TextField label={t("reader.position")} hint={t("reader.position.hint")} error={at === undefined ? t("reader.position.wrong") : null} value={position} change={setPosition} input={{ dir: "ltr", placeholder: "29.3060, 120.0750" }} />
      {task.failure !== null && <Failure of={task.failure} />}
      <div class="row end"><Button kind="primary" type="submit" busy={task.busy} disabled={venue === ""}>{t("newreader.go")}</Button></div>
    </form>
  );
}

function Given({ code, again }: { code: api.Code; again: () => void }) {
  const onTablet = code.kind === "tablet";
  const address = `${code.url}/gate#${code.code}`;
  return (
    <div class="given">
      <Note tone="attention">{t("newreader.once", { when: minute(code.expires) })}</Note>
      <div class="code-and-qr">
        <div>
          <p class="label">{t("newreader.code", { reader: code.reader })}</p>
          <p class="onetime" dir="ltr">{code.code}</p>
          <p class="hint">{t(onTablet ? "newreader.qr.tablet" : "newreader.qr")}</p>
        </div>
        <QrPicture modules={anyQr(onTablet ? address : code.setup.enrol)} label={t(onTablet ? "newreader.qr.tablet" : "newreader.qr")} />
      </div>
      {onTablet && <Steps><Line words={t("newreader.tablet.open")} text={address} /><li>{t("newreader.tablet.then")}</li></Steps>}
      {code.kind === "system" && (
        <Steps>
          <Line words={t("newreader.system.enrol")} text={code.setup.enrol} />
          <Line words={t("newreader.system.ask")} text={`POST ${code.url}/api/v1/verify`} />
        </Steps>
      )}
      {code.setup.config !== null && <Installing code={code} config={code.setup.config} />}
      <div class="row end">
        <Button onClick={again}>{t("newreader.another")}</Button>
        <a class="button primary" href={link("readers")}>{t("newreader.watch")}</a>
      </div>
    </div>
  );
}

const Steps = ({ children }: { children: JSX.Element | JSX.Element[] }) => <ol class="steps">{children}</ol>;

function Installing({ code, config }: { code: api.Code; config: string }) {
  return (
    <Steps>
      <Line words={t("newreader.install")} text={code.setup.install} />
      <li>
        {t("newreader.files")}
        <div class="row">
          <Button onClick={() => download("reader.toml", config)}>reader.toml</Button>
          <a class="button plain" href="/trust/root" download="root.cose">root.cose</a>
        </div>
        <details><summary>{t("newreader.config")}</summary><pre class="note-text" tabIndex={0}>{config}</pre></details>
      </li>
      <Line words={t("newreader.enrol")} text={code.setup.enrol} />
      <Line words={t("newreader.test")} text="cardsvc-verify selftest --config reader.toml" />
      <Line words={t("newreader.run")} text="cardsvc-verify gate --config reader.toml" />
    </Steps>
  );
}

/** A line to type, with a button that copies it where the browser lets it. */
function Line({ words, text }: { words: string; text: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () =>
    void navigator.clipboard.writeText(text).then(
      () => (setCopied(true), say(t("newreader.copied"))),
      () => setCopied(false),
    );
  return (
    <li>
      {words}
      <div class="typed">
        <code dir="ltr">{text}</code>
        {"clipboard" in navigator && <Button kind="quiet" aria-label={`${t("newreader.copy")}: ${text}`} onClick={copy}>{t(copied ? "newreader.copied" : "newreader.copy")}</Button>}
      </div>
    </li>
  );
}
