/** Somebody like this has a card or an application already: both faces side by side, for eyes to decide. */
import { useState } from "preact/hooks";
import { portraitUrl, type Case } from "../shared/api/desk.ts";
import { t } from "../shared/i18n/index.ts";
import { CardNumber, Mark } from "../shared/ui/kit.tsx";
import { link } from "./state.ts";

export function Duplicates({ of }: { of: Case }) {
  const { warnings } = of;
  if (warnings.length === 0) return null;
  const face = of.portrait.present ? portraitUrl(of.id, "print", of.version) : null;
  return (
    <section class="tile warnings" data-part="warnings" tabIndex={-1}>
      <h2><Mark tone="attention" /> {t("duplicate.title")}</h2>
      {warnings.map((one) => (
        <article key={(one.card ?? "") + (one.case ?? "") + one.kind} class="twins">
          <Face key={face} url={face} words={t("duplicate.this")} />
          <Face url={one.face ?? null} words={t(one.card ? "duplicate.card" : "duplicate.case")} />
          <div>
            <b>{t(`duplicate.${one.kind}`)}</b>
            {one.name && <p><bdi>{one.name}</bdi>{one.birth && <> · {one.birth}</>}</p>}
            <p class="mute">{t(`duplicate.do.${one.kind}`)}</p>
            {one.card && <a href={link("cards", one.card)}><CardNumber number={one.card} /></a>}
            {one.case && !one.card && <a href={link("case", one.case)}>{t("duplicate.open")}</a>}
          </div>
        </article>
      ))}
    </section>
  );
}

function Face({ url, words }: { url: string | null; words: string }) {
  // A draft may have no portrait yet; its address then answers with nothing to show.
  const [gone, setGone] = useState(false);
  return (
    <figure>
      {url && !gone ? <img class="face" src={url} alt={words} onError={() => setGone(true)} /> : <div class="face none" role="img" aria-label={t("duplicate.faceless")} />}
      <figcaption>{words}</figcaption>
    </figure>
  );
}
