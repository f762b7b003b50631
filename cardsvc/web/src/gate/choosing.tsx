/** How the tablet stands: mode, service, direction, camera and sound; and the code that opens a kiosk to its staff. */
import { useState } from "preact/hooks";
import { device } from "../device/ui/page.ts";
import { Choice, Heading } from "../device/ui/parts.tsx";
import { WORDS, say } from "../device/ui/words.ts";
import { wakeSound } from "./sounds.ts";
import type { Settings } from "./settings.ts";
import { STAFF_CODE, choose, lockOf, opensLock, settings } from "./settings.ts";
import { GATE, serviceWords } from "./words.ts";

/** A wrong staff code is tried again no sooner. */
const WAIT_MS = 3_000;

export function Choosing({ done }: { readonly done: () => void }) {
  const services = Array.from(device.value?.policy?.services ?? []).sort((one, another) => one - another);
  const before = settings.value;
  const [draft, setDraft] = useState<Settings>(
    before ?? { mode: "staffed", service: services[0] ?? null, direction: "in", facing: "environment", sound: true, lock: null },
  );
  const [code, setCode] = useState("");
  const set = (change: Partial<Settings>): void => setDraft({ ...draft, ...change });
  const kiosk = draft.mode === "kiosk";
  const begin = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (kiosk && !STAFF_CODE.test(code)) return;
    void wakeSound();
    choose({ ...draft, lock: kiosk ? await lockOf(code) : null });
    if (kiosk) await document.documentElement.requestFullscreen?.({ navigationUI: "hide" }).catch(() => undefined);
    else if (document.fullscreenElement) await document.exitFullscreen();
    done();
  };
  return (
    <form class="sheet choosing" onSubmit={(event) => void begin(event)}>
      <Heading words={GATE.choose} />
      <Choice label={GATE.mode} value={draft.mode} choose={(mode) => set({ mode, facing: mode === "kiosk" ? "user" : "environment" })} choices={[["staffed", say(GATE.staffed)], ["kiosk", say(GATE.kiosk)]]} />
      <p class="quiet">{say(kiosk ? GATE.kioskWhy : GATE.staffedWhy)}</p>
      <Choice label={GATE.service} value={draft.service ?? 0} choose={(service) => set({ service: service === 0 ? null : service })} choices={[...services.map((service) => [service, serviceWords(service)] as const), [0, say(GATE.cardAlone)]]} />
      <Choice label={GATE.direction} value={draft.direction} choose={(direction) => set({ direction })} choices={[["in", say(GATE.in)], ["out", say(GATE.out)]]} />
      {draft.direction === "out" ? <p class="quiet">{say(GATE.outAlways)}</p> : null}
      <Choice label={GATE.camera} value={draft.facing} choose={(facing) => set({ facing })} choices={[["environment", say(GATE.rear)], ["user", say(GATE.front)]]} />
      <Choice label={GATE.sound} value={draft.sound ? "on" : "off"} choose={(sound) => set({ sound: sound === "on" })} choices={[["on", say(GATE.on)], ["off", say(GATE.off)]]} />
      {kiosk ? (
        <>
          <label for="staff-code">{say(GATE.staffCode)}</label>
          <input id="staff-code" type="password" inputMode="numeric" value={code} onInput={(event) => setCode(event.currentTarget.value)} pattern="[0-9]{4,8}" autocomplete="new-password" required />
        </>
      ) : null}
      <button class="next">{say(GATE.begin)}</button>
    </form>
  );
}

/** A kiosk shows its status to the staff alone: who passes by must not turn it around. */
export function Locked({ opened, close }: { readonly opened: () => void; readonly close: () => void }) {
  const [code, setCode] = useState("");
  const [wrong, setWrong] = useState(false);
  const [waiting, setWaiting] = useState(false);
  const lock = settings.value?.lock;
  const open = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (waiting || !lock) return;
    if (await opensLock(code, lock)) return opened();
    setWrong(true);
    setCode("");
    setWaiting(true);
    setTimeout(() => setWaiting(false), WAIT_MS);
  };
  return (
    <form class="sheet" onSubmit={(event) => void open(event)}>
      <Heading words={GATE.locked} />
      <label for="unlock">{say(GATE.staffCode)}</label>
      <input id="unlock" type="password" inputMode="numeric" value={code} onInput={(event) => setCode(event.currentTarget.value)} autocomplete="off" />
      <p class="told" role="alert">{wrong ? say(GATE.wrongCode) : ""}</p>
      <div class="pair">
        <button class="next" disabled={waiting}>{say(GATE.open)}</button>
        <button type="button" onClick={close}>{say(WORDS.close)}</button>
      </div>
    </form>
  );
}
