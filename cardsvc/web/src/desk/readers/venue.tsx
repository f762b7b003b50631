/** One venue's rules: edited with a preview of whom they touch, and never over somebody else's edit. */
import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "../../shared/api/readers.ts";
import { Problem } from "../../shared/api/http.ts";
import { minute, t } from "../../shared/i18n/index.ts";
import { TextField } from "../../shared/ui/fields.tsx";
import { Button, Failure, Note, Title, say, useLoad, useTask } from "../../shared/ui/kit.tsx";
import { go, link, may, staying } from "../state.ts";
import { BEGIN, changed, merge, withSetting, wrong, type Setting } from "./policy.ts";
import { PolicyForm } from "./policyform.tsx";
import { Changes, shown } from "./preview.tsx";

export function VenueScreen({ id }: { id: string }) {
  const { data, failure, reload } = useLoad(api.venues, [id]);
  const venue = data?.venues.find((one) => one.id === id);
  if (failure !== null) return <section class="panel"><Failure of={failure} again={reload} /></section>;
  if (!data) return <p class="mute">{t("state.loading")}</p>;
  if (id === "new" && may("operator")) return <NewVenue taken={data.venues.map((one) => one.id)} />;
  if (!venue) return <section class="panel"><Title k="venue.title" /><Note tone="attention">{t("venue.unknown", { venue: id })}</Note><a href={link("venues")}>{t("venue.back")}</a></section>;
  return <Editor key={venue.id} venue={venue} />;
}

function NewVenue({ taken }: { taken: readonly string[] }) {
  const [id, setId] = useState("");
  const form = id !== "" && !/^[a-z0-9][a-z0-9-]{0,47}$/.test(id);
  const error = form || id === "new" ? t("venue.id.wrong") : taken.includes(id) ? t("venue.id.taken") : null;
  return (
    <Editor venue={{ id: error === null ? id : "", version: "", config: BEGIN, readers: 0, changed: null }} fresh>
      <TextField label={t("venue.id")} hint={t("venue.id.hint")} error={error} value={id} change={setId} input={{ required: true, dir: "ltr", maxLength: 48 }} />
    </Editor>
  );
}

interface Props {
  readonly venue: api.Venue;
  readonly fresh?: boolean;
  readonly children?: preact.ComponentChildren;
}

/** What somebody else saved while one was editing, and where both changed the same. */
interface Met {
  readonly theirs: api.Venue;
  readonly clashes: readonly Setting[];
}

function Editor({ venue, fresh, children }: Props) {
  const [base, setBase] = useState(venue);
  const [config, setConfig] = useState(venue.config);
  /** What stands in the form when an answer comes: somebody may have typed since it was asked for. */
  const typed = useRef(config);
  typed.current = config;
  const [met, setMet] = useState<Met | null>(null);
  const task = useTask();
  const bad = wrong(config);
  const edited = fresh ? config !== BEGIN : changed(base.config, config).length > 0;
  const version = fresh ? null : base.version;
  const seen = usePreview(venue.id, version, config, edited && bad.length === 0 && venue.id !== "" && met === null);

  const meet = async () => {
    const theirs = (await api.venues()).venues.find((one) => one.id === venue.id);
    if (!theirs || fresh) return;
    const merged = merge(base.config, theirs.config, typed.current);
    setBase(theirs);
    setConfig(merged.config);
    setMet({ theirs, clashes: merged.clashes });
  };
  // The preview says which version it compared with: another than ours means that somebody was faster.
  const overtaken = !fresh && seen.data !== null && seen.data.version !== version;
  useEffect(() => {
    if (overtaken) void task.run(meet);
  }, [overtaken]);

  const save = () =>
    task.run(async () => {
      const still = staying();
      try {
        const saved = await api.putVenue(venue.id, version, config);
        say(t("venue.saved"));
        if (fresh) {
          if (still()) go("venues", saved.id);
          return;
        }
        setBase(saved);
        if (typed.current === config) setConfig(saved.config);
        setMet(null);
      } catch (failure) {
        if (failure instanceof Problem && failure.reason === "changed_meanwhile" && !fresh) await meet();
        else throw failure;
      }
    });
  const settle = (name: Setting, theirs: boolean) => {
    if (!met) return;
    if (theirs) setConfig(withSetting(config, name, met.theirs.config[name]));
    const clashes = met.clashes.filter((one) => one !== name);
    setMet({ ...met, clashes });
  };
  const ready = edited && bad.length === 0 && venue.id !== "" && (met === null || met.clashes.length === 0);
  return (
    <div class="case">
      <header class="casehead">
        <a href={link("venues")} class="back">← {t("venue.back")}</a>
        <Title k={fresh ? "venue.new" : "venue.title"} sub={fresh ? t("venue.new.sub") : <><bdi>{base.config.name}</bdi> <code>{venue.id}</code>{base.changed && ` · ${t("venue.changed", { who: base.changed.by, when: minute(base.changed.at) })}`}</>} />
      </header>
      {met && <Meeting met={met} mine={config} settle={settle} close={() => setMet(null)} />}
      <div class="pair policy">
        <PolicyForm config={config} change={setConfig} wrong={bad} fresh={fresh ?? false} locked={!may("operator") || (fresh === true && task.busy)}>{children}</PolicyForm>
        <aside class="side" aria-label={t("venue.preview")}>
          <section class="tile">
            <h2>{t("venue.preview")}</h2>
            {!edited && <p class="mute">{t(may("operator") ? "venue.unchanged" : "venue.readonly")}</p>}
            {edited && bad.length > 0 && <Note tone="attention">{t("venue.wrong", { what: bad.map((name) => t(`venue.${name}`)).join(" · ") })}</Note>}
            {seen.failure !== null && <Failure of={seen.failure} again={seen.reload} />}
            {edited && bad.length === 0 && seen.data && <Changes preview={seen.data} before={fresh ? null : base.config} after={config} />}
          </section>
          {may("operator") && (
            <section class="tile last">
              {task.failure !== null && <Failure of={task.failure} />}
              <div class="stack">
                <Button kind="primary" busy={task.busy} disabled={!ready} onClick={() => void save()}>{t(fresh ? "venue.make" : "venue.save")}</Button>
                {edited && !fresh && <Button disabled={task.busy} onClick={() => (setConfig(base.config), setMet(null))}>{t("venue.undo")}</Button>}
                {!fresh && <a class="button plain" href={link("readers", "new", venue.id)}>{t("readers.add")}</a>}
              </div>
            </section>
          )}
        </aside>
      </div>
    </div>
  );
}

/** What the edit would change, asked for half a second after the last key. */
function usePreview(venue: string, version: string | null, config: api.VenueConfig, wanted: boolean) {
  const [settled, setSettled] = useState({ config, wanted: false });
  useEffect(() => {
    const timer = setTimeout(() => setSettled({ config, wanted }), 500);
    return () => clearTimeout(timer);
  }, [config, wanted]);
  const now = wanted && settled.wanted;
  const found = useLoad((stop) => (now ? api.previewVenue(venue, version, settled.config, stop) : Promise.resolve(null)), [venue, version, settled, now]);
  return { ...found, data: now ? found.data : null };
}

interface MeetingProps {
  readonly met: Met;
  readonly mine: api.VenueConfig;
  readonly settle: (name: Setting, theirs: boolean) => void;
  readonly close: () => void;
}

function Meeting({ met, mine, settle, close }: MeetingProps) {
  const who = met.theirs.changed?.by ?? t("venue.somebody");
  const when = met.theirs.changed ? minute(met.theirs.changed.at) : "";
  return (
    <section class="tile warnings meeting" role="alert">
      <h2>{t("venue.met", { who, when })}</h2>
      {met.clashes.length === 0 && <div class="row"><p class="grow">{t("venue.met.merged")}</p><Button onClick={close}>{t("act.continue")}</Button></div>}
      {met.clashes.map((name) => (
        <div key={name} class="clash">
          <h3>{t("conflict.title", { who })} — {t(`venue.${name}`)}</h3>
          <dl class="facts">
            <div><dt>{t("conflict.theirs")}</dt><dd>{shown(name, met.theirs.config[name])}</dd></div>
            <div><dt>{t("conflict.mine")}</dt><dd>{shown(name, mine[name])}</dd></div>
          </dl>
          <div class="row"><Button onClick={() => settle(name, true)}>{t("conflict.take")}</Button><Button kind="primary" onClick={() => settle(name, false)}>{t("conflict.keep")}</Button></div>
        </div>
      ))}
    </section>
  );
}
