/** Finding a card that exists. */
import { signal } from "@preact/signals";
import { findCards } from "../shared/api/cards.ts";
import { t, told } from "../shared/i18n/index.ts";
import { Badge, CardNumber, Empty, Failure, Note, Title, useLoad, type Tone } from "../shared/ui/kit.tsx";
import { link } from "./state.ts";

const search = signal("");

export const cardTone = (state: string): Tone =>
  state === "active" || state === "valid" || state === "issued" ? "green" : state === "suspended" ? "attention" : state === "revoked" ? "deny" : "quiet";

export function Cards() {
  const words = search.value.trim();
  const { data, failure, reload } = useLoad((stop) => findCards(words, stop), [words]);
  return (
    <section class="panel">
      <Title k="cards.title" />
      <div class="search great">
        <label class="unseen" for="card-search">{t("cards.search")}</label>
        <input id="card-search" type="search" dir="auto" autocomplete="off" placeholder={t("cards.search")} value={search.value} onInput={(event) => (search.value = event.currentTarget.value)} />
      </div>
      {failure !== null && <Failure of={failure} again={reload} />}
      {data && data.rows.length === 0 && <Empty k={words ? "cards.none" : "cards.begin"} />}
      {data && data.rows.length > 0 && (
        <table class="list">
          <thead>
            <tr><th scope="col">{t("queue.name")}</th><th scope="col">{t("cards.number")}</th><th scope="col">{t("cards.state")}</th><th scope="col">{t("cards.until")}</th><th scope="col">{t("field.class")}</th></tr>
          </thead>
          <tbody>
            {data.rows.map((row) => (
              <tr key={row.number}>
                <td><a href={link("cards", row.number)}><bdi>{row.name}</bdi></a></td>
                <td><CardNumber number={row.number} /></td>
                <td><Badge tone={cardTone(row.state)}>{told("cardstate", row.state) ?? row.state}</Badge></td>
                <td class="when">{row.valid_until}</td>
                <td>{told("class", row.class) ?? row.class}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {data?.more && <Note tone="quiet">{t("cards.more", { n: data.rows.length })}</Note>}
    </section>
  );
}
