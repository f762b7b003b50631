/** The chips of a card: whose code was signed, the message for an encoder, and a note that it lies on the chip. */
import { useState } from "preact/hooks";
import * as api from "../shared/api/cards.ts";
import { instant, t } from "../shared/i18n/index.ts";
import { SelectField } from "../shared/ui/fields.tsx";
import { Badge, Button, Failure, say, useTask } from "../shared/ui/kit.tsx";
import { may } from "./state.ts";

export function TagField({ value, change }: { value: api.Tag; change: (next: api.Tag) => void }) {
  const choices = Object.entries(api.TAGS).map(([tag, words]) => ({ value: tag, words }));
  return <SelectField label={t("chip.tag")} value={value} change={(next) => change(next as api.Tag)} choices={choices} />;
}

export function CardChips({ card, reload }: { card: api.CardPage; reload: () => void }) {
  const [tag, setTag] = useState<api.Tag>("ntag216");
  const task = useTask();
  if (!may("clerk", "approver")) return null;
  const noted = (chip: api.Chip) =>
    task.run(async () => {
      await api.chipWritten(card.number, chip.uid);
      say(t("chip.noted"));
      reload();
    });
  const asked = card.acts.filter((act) => act.act === "chip" && act.state === "waiting");
  return (
    <section class="tile" data-part="chips">
      <h2>{t("card.chips")}</h2>
      {task.failure !== null && <Failure of={task.failure} />}
      {card.chips.length === 0 && asked.length === 0 && <p class="mute">{t("card.nochips")}</p>}
      {card.chips.length > 0 && (
        <>
          <TagField value={tag} change={setTag} />
          <ul class="kin">
            {card.chips.map((chip) => (
              <li key={chip.uid}>
                <code>{chip.uid}</code>
                <Badge tone={chip.signed ? "green" : "attention"}>{t(chip.signed ? "chip.signed" : "chip.waits")}</Badge>
                <small class="mute">{t("card.print")} {chip.print} · {instant(chip.made_at)}</small>
                {chip.signed && <a class="button quiet" href={api.chipMessage(card.number, chip.uid, tag)} download={`${chip.uid.toLowerCase()}.ndef`}>{t("chip.save")}</a>}
                {chip.signed && <Button kind="quiet" busy={task.busy} onClick={() => void noted(chip)}>{t("chip.written")}</Button>}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
