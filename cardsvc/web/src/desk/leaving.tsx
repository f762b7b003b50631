/** Signing out: at once where nothing stands against it, else what does is said first. */
import { useState } from "preact/hooks";
import { t } from "../shared/i18n/index.ts";
import { Button, Dialog, Failure, Note, useTask } from "../shared/ui/kit.tsx";
import { leave } from "./session.ts";

/** What signs out, and what is to be said meanwhile. */
export function useLeaving() {
  const task = useTask();
  const [held, setHeld] = useState<"unsent" | "failed" | null>(null);
  const stay = () => setHeld(null);
  const out = () =>
    void task.run(async () => {
      try {
        if (!(await leave(held !== null))) setHeld("unsent");
      } catch (failure) {
        setHeld("failed");
        throw failure;
      }
    });
  const said = held && (
    <Dialog title={t("nav.leave")} close={stay}>
      <Note tone="attention">{t(`leave.${held}`)}</Note>
      {task.failure !== null && <Failure of={task.failure} />}
      <footer class="row">
        <Button onClick={stay}>{t("leave.stay")}</Button>
        <Button kind="danger" busy={task.busy} onClick={out}>{t(held === "unsent" ? "leave.anyway" : "act.again")}</Button>
      </footer>
    </Dialog>
  );
  return { busy: task.busy, out, said };
}
