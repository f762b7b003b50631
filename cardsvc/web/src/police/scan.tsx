/** The camera fills the screen; a picture and a hand scanner are other ways in. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { lookOn } from "../scan/looking.ts";
import { readStill } from "../scan/scanner.ts";
import type { Abilities, Camera, Setting } from "../scan/scanner.ts";
import { pending } from "./memory.ts";
import { reasonWords } from "./reasons.ts";
import { judge } from "./shift.ts";
import { sheet } from "./state.ts";
import { WORDS, say } from "./words.ts";

const trouble = signal<string | null>(null);
const abilities = signal<Abilities>({ torch: false, zoom: null });
const setting = signal<Setting>({ torch: false, zoom: null });
const looking = signal(false);

export function Scan() {
  const video = useRef<HTMLVideoElement>(null);
  const camera = useRef<Camera | null>(null);
  useEffect(() => {
    if (video.current === null) return;
    const stop = lookOn(video.current, {
      facing: "environment",
      began: (started) => {
        camera.current = started;
        abilities.value = started.abilities;
        looking.value = true;
        setting.value = started.setting;
        trouble.value = null;
      },
      found: ({ text, seenAt }) => judge(text, seenAt),
      failed: (of) => void (trouble.value = of),
    });
    return () => {
      looking.value = false;
      stop();
    };
  }, []);
  const still = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    const seenAt = performance.now();
    const text = await readStill(file).catch(() => null);
    if (text === null) trouble.value = "no_code";
    else await judge(text, seenAt);
  };
  const set = async (change: { torch?: boolean; zoom?: number }): Promise<void> => {
    setting.value = { ...setting.value, ...change };
    try {
      await camera.current?.set(change);
    } catch {
      setting.value = camera.current?.setting ?? setting.value; // It goes on as it was.
    }
  };
  const { torch, zoom } = abilities.value;
  const { torch: lit, zoom: zoomed } = setting.value;
  return (
    <section class="scan" aria-label={say(WORDS.check)}>
      <div class="finder">
        <video ref={video} muted playsInline aria-hidden="true" />
        <div class="frame" aria-hidden="true" />
        <p class="hint" role="status">
          {trouble.value === null
            ? say(looking.value ? WORDS.aim : WORDS.starting)
            : say(reasonWords(trouble.value))}
        </p>
      </div>
      {zoom === null ? null : (
        <label class="zoom">
          <span>{say(WORDS.zoom)}</span>
          <input
            type="range"
            min={zoom.min}
            max={zoom.max}
            step={zoom.step}
            value={zoomed ?? zoom.min}
            onInput={(event) => void set({ zoom: Number(event.currentTarget.value) })}
          />
        </label>
      )}
      <div class="tools">
        <button type="button" disabled={!torch} aria-pressed={lit} onClick={() => void set({ torch: !lit })}>
          {say(WORDS.torch)}
        </button>
        <label class="button">
          {say(WORDS.gallery)}
          <input type="file" accept="image/*" onChange={(event) => void still(event.currentTarget.files?.[0])} />
        </label>
        <button type="button" onClick={() => (sheet.value = "phrases")}>
          {say(WORDS.phrases)}
        </button>
        <button type="button" onClick={() => (sheet.value = "menu")}>
          {say(WORDS.menu)} {pending.value === 0 ? null : <b class="count">{pending.value}</b>}
        </button>
      </div>
    </section>
  );
}
