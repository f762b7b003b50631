/** One reader: how it stands and what to do about it, what of its log waits, where it is, and its end. */
import { useState } from "preact/hooks";
import * as api from "../../shared/api/readers.ts";
import { instant, minute, t } from "../../shared/i18n/index.ts";
import { SelectField, TextField, trimmed } from "../../shared/ui/fields.tsx";
import { AreaField } from "../../shared/ui/fields.tsx";
import { Button, Dialog, Failure, Note, Title, say, useTask } from "../../shared/ui/kit.tsx";
import { link, may } from "../state.ts";
import { positionOf, positionText } from "./position.ts";
import { Ago, StandingBadge, VenueName, standing, useLive, waiting } from "./parts.tsx";
import { Apart } from "./apart.tsx";
import { age, span } from "./spans.ts";

export function ReaderScreen({ id }: { id: string }) {
  const { data, failure, reload } = useLive(api.readers, [id]);
  const venues = useLive(api.venues, [], 60);
  const reader = data?.readers.find((one) => one.id === id);
  const config = venues.data?.venues.find((one) => one.id === reader?.venue)?.config;
  if (failure !== null && !data) return <section class="panel"><Failure of={failure} again={reload} /></section>;
  if (!data) return <p class="mute">{t("state.loading")}</p>;
  if (!reader) return <section class="panel"><Title k="reader.title" /><Note tone="attention">{t("reader.unknown", { reader: id })}</Note><a href={link("readers")}>{t("reader.back")}</a></section>;
  return (
    <div class="case">
      <header class="casehead">
        <a href={link("readers")} class="back">← {t("reader.back")}</a>
        <div class="line">
          <h1 tabIndex={-1}>{reader.id}</h1>
          <StandingBadge of={standing(reader)} />
          <VenueName id={reader.venue} config={config} />
        </div>
      </header>
      {failure !== null && <Failure of={failure} again={reload} />}
      <div class="pair review">
        <div class="form">
          <Stands reader={reader} config={config} />
          {waiting(reader) > 0 && may("operator") && <Apart reader={reader} reload={reload} />}
          {waiting(reader) > 0 && !may("operator") && <Note tone="attention">{t("apart.operator", { n: waiting(reader) })}</Note>}
          <Facts reader={reader} />
        </div>
        {may("operator") && (
          <aside class="side" aria-label={t("reader.acts")}>
            <PlaceBox key={`${reader.kind} ${reader.site}`} reader={reader} reload={reload} />
            {reader.state !== "revoked" && <EndBox reader={reader} config={config} reload={reload} />}
          </aside>
        )}
      </div>
    </div>
  );
}

interface Props {
  readonly reader: api.Reader;
  readonly config?: api.VenueConfig | undefined;
}

/** What its state means at the door, and what to do. */
function Stands({ reader, config }: Props) {
  const state = standing(reader);
  const tone = state === "active" ? "green" : state === "stale" ? "deny" : state === "silent" ? "attention" : "quiet";
  const ends = reader.data_at && config ? new Date(Date.parse(reader.data_at) + config.expired_after_s * 1000).toISOString() : null;
  const over = ends !== null && Date.parse(ends) <= Date.now();
  return (
    <section class="tile stands">
      <h2>{t("reader.stands")}</h2>
      <div class={`note ${tone}`} role="note">
        <div>
          <p><b>{t(`standing.${state}.words`)}</b></p>
          {state !== "active" && <p>{t(`standing.${state}.do`)}</p>}
        </div>
      </div>
      <dl class="facts">
        <div><dt>{t("readers.data")}</dt><dd><Ago at={reader.data_at} none={t("readers.nodata")} /></dd></div>
        <div><dt>{t("readers.seen")}</dt><dd><Ago at={reader.seen} /></dd></div>
        {ends && config && (
          <div class="full">
            <dt>{t("reader.ends")}</dt>
            <dd>{over ? t("reader.ended", { when: minute(ends) }) : t("reader.serves", { when: minute(ends), left: span(-age(ends)) })}</dd>
          </div>
        )}
      </dl>
    </section>
  );
}

function Facts({ reader }: Props) {
  return (
    <section class="tile">
      <h2>{t("reader.facts")}</h2>
      <dl class="facts">
        <div><dt>{t("reader.profile")}</dt><dd>{t(`profile.${reader.profile}` as "profile.gate")}</dd></div>
        <div><dt>{t("reader.fingerprint")}</dt><dd><code>{reader.fingerprint}</code></dd></div>
        <div><dt>{t("reader.enrolled")}</dt><dd>{instant(reader.enrolled)}</dd></div>
        {reader.revoked && <div><dt>{t("reader.revoked")}</dt><dd>{instant(reader.revoked)}</dd></div>}
        <div><dt>{t("reader.bundle")}</dt><dd>{reader.bundle ?? "—"}</dd></div>
        <div><dt>{t("readers.records")}</dt><dd>{reader.records.toLocaleString()}</dd></div>
        <div><dt>{t("reader.vouched")}</dt><dd>{t("reader.vouched.words", { n: reader.vouched.toLocaleString() })}</dd></div>
      </dl>
    </section>
  );
}

function PlaceBox({ reader, reload }: Props & { readonly reload: () => void }) {
  const [kind, setKind] = useState<api.Kind>(reader.kind);
  const [site, setSite] = useState(reader.site ?? "");
  const [position, setPosition] = useState(positionText(reader.position));
  const task = useTask();
  const at = positionOf(position);
  const kinds = reader.kind === "phone" ? [...api.KINDS, "phone" as const] : api.KINDS;
  const send = (event: Event) => {
    event.preventDefault();
    if (at === undefined) return;
    void task.run(async () => {
      await api.putPlace(reader.id, kind, trimmed(site) || null, at);
      say(t("reader.place.saved"));
      reload();
    });
  };
  return (
    <section class="tile">
      <h2>{t("reader.place")}</h2>
      <form class="stack" onSubmit={send}>
        <SelectField label={t("reader.kind")} value={kind} change={(to) => setKind(to as api.Kind)} choices={kinds.map((value) => ({ value, words: t(`readerkind.${value}`) }))} />
        <TextField label={t("reader.site")} hint={t("reader.site.hint")} value={site} change={setSite} input={{ maxLength: 200 }} />
        <TextField label={t("reader.position")} hint={t("reader.position.hint")} error={at === undefined ? t("reader.position.wrong") : null} value={position} change={setPosition} input={{ dir: "ltr", placeholder: "29.3060, 120.0750" }} />
        {task.failure !== null && <Failure of={task.failure} />}
        <div class="row end"><Button type="submit" busy={task.busy} disabled={at === undefined}>{t("act.save")}</Button></div>
      </form>
    </section>
  );
}

function EndBox({ reader, config, reload }: Props & { readonly reload: () => void }) {
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  const task = useTask();
  const close = () => setOpen(false);
  const ends = reader.data_at && config ? new Date(Date.parse(reader.data_at) + config.expired_after_s * 1000).toISOString() : null;
  const send = (event: Event) => {
    event.preventDefault();
    void task.run(async () => {
      await api.revokeReader(reader.id, trimmed(reason));
      say(t("reader.revoke.done", { reader: reader.id }));
      reload();
      close();
    });
  };
  return (
    <section class="tile last">
      <h2>{t("reader.revoke.title")}</h2>
      <p class="hint">{t("reader.revoke.when")}</p>
      <Button kind="danger" onClick={() => setOpen(true)}>{t("reader.revoke")}</Button>
      {open && (
        <Dialog title={t("reader.revoke.ask", { reader: reader.id })} close={close}>
          <form onSubmit={send}>
            <Note tone="deny">{t("reader.revoke.words")}</Note>
            {ends && <p>{t("reader.revoke.still", { when: minute(ends) })}</p>}
            <AreaField label={t("do.reason")} hint={t("do.reason.hint")} value={reason} change={setReason} area={{ required: true, maxLength: 200 }} />
            {task.failure !== null && <Failure of={task.failure} />}
            <footer class="row"><Button onClick={close}>{t("act.cancel")}</Button><Button kind="danger" type="submit" busy={task.busy} disabled={trimmed(reason) === ""}>{t("reader.revoke")}</Button></footer>
          </form>
        </Dialog>
      )}
    </section>
  );
}
