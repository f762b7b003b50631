/** The door itself: the camera, and the light that says yes, no, or ask somebody. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { light } from "../device/gate.ts";
import type { Shown } from "../device/gate.ts";
import { Finder } from "../device/ui/finder.tsx";
import { device, tick } from "../device/ui/page.ts";
import { say } from "../device/ui/words.ts";
import type { Answer } from "../reader/verdict.ts";
import { anyQr } from "../shared/qr.ts";
import { QrPicture } from "../shared/ui/qrpicture.tsx";
import { Challenges, addressOf, asksProof } from "./challenge.ts";
import { Light } from "./light.tsx";
import type { Settings } from "./settings.ts";
import { silent, sound, wakeSound } from "./sounds.ts";
import { GATE } from "./words.ts";

/** How long a light shines where nobody presses a button; long enough to be read in one's own language. */
const SHINES_MS: Readonly<Record<Answer, number>> = { allow: 3_000, attention: 7_000, deny: 7_000 };

/** What was shown last, until the next or until its light goes out. */
export const shown = signal<Shown | null>(null);
let off: ReturnType<typeof setTimeout> | undefined;
let challenges: Challenges | null = null;

/** Judge what the camera or a hand scanner read, as this door; then light and sound. */
export async function present(text: string, settings: Settings): Promise<void> {
  const one = device.value;
  if (one === null) return;
  const challenge = (await challenges?.answeredBy(text)) ?? null;
  const { service, direction } = settings;
  const found = await one.present({ code: text, service, direction, challenge });
  // The same picture read twice: what shines goes on shining, and nothing beeps. After another card it shines again.
  const lit = found.again ?? found;
  if (lit === shown.value) return;
  shown.value = lit;
  if (settings.sound) sound(light(lit));
  clearTimeout(off);
  if (settings.mode === "kiosk") off = setTimeout(() => (shown.value = null), SHINES_MS[light(lit)]);
}

export function Door({ settings }: { readonly settings: Settings }) {
  useEffect(() => {
    const touched = (): void => void wakeSound();
    addEventListener("pointerdown", touched);
    addEventListener("keydown", touched);
    void wakeSound();
    return () => {
      removeEventListener("pointerdown", touched);
      removeEventListener("keydown", touched);
      clearTimeout(off);
      shown.value = null;
    };
  }, []);
  const proves = asksProof(device.value?.policy ?? null);
  const lit = shown.value;
  return (
    <div class={`door ${settings.mode}${proves ? " proves" : ""}`}>
      <Finder facing={settings.facing} hint={GATE.aim} read={(text) => present(text, settings)} />
      {proves ? <Proof /> : null}
      {settings.sound && silent.value ? <p class="silent">{say(GATE.touchForSound)}</p> : null}
      {lit === null ? null : <Light key={lit} shown={lit} settings={settings} next={() => (shown.value = null)} />}
    </div>
  );
}

/** The challenge on the screen, for as long as the door is open. */
function Proof() {
  const one = device.value;
  const [asked] = useState(() => new Challenges(one?.enrolment.value?.reader ?? ""));
  useEffect(() => {
    challenges = asked;
    const timer = setInterval(() => (tick.value = one?.clock() ?? 0), 1000);
    return () => {
      challenges = null;
      clearInterval(timer);
    };
  }, [asked]);
  void tick.value; // Looked at anew each second, by the clock of now.
  const address = addressOf(asked.current(one?.clock() ?? 0));
  return (
    <div class="proof">
      <h2>{say(GATE.challenge)}</h2>
      <QrPicture modules={anyQr(address)} label={say(GATE.challenge)} />
      <p>{say(GATE.challengeHow)}</p>
    </div>
  );
}
