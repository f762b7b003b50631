/** A camera that goes on looking: each code that is held there counts once, until it was gone for a moment. */
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { lookOn } from "../../scan/looking.ts";
import type { Trouble } from "../../scan/looking.ts";
import { listenToScanner } from "../../scan/scanner.ts";
import type { Facing } from "../../scan/scanner.ts";
import type { Pair } from "./words.ts";
import { WORDS, say } from "./words.ts";

/** A code that was out of sight for so long has come again. */
const GONE_MS = 2_500;

const TROUBLES: Readonly<Record<Trouble, Pair>> = { no_camera: WORDS.noCamera, reader_fault: WORDS.fault };

const looking = signal(false);
const trouble = signal<Trouble | null>(null);

interface FinderProps {
  readonly facing: Facing;
  readonly hint: Pair;
  readonly read: (text: string) => Promise<void>;
}

export function Finder({ facing, hint, read }: FinderProps) {
  const video = useRef<HTMLVideoElement>(null);
  const latest = useRef(read);
  latest.current = read;
  useLayoutEffect(() => listenToScanner((text) => void latest.current(text)), []);
  useEffect(() => {
    if (video.current === null) return;
    let held = { text: "", seenAt: 0 };
    const stop = lookOn(video.current, {
      facing,
      began: () => {
        looking.value = true;
        trouble.value = null;
      },
      found: async (seen) => {
        const again = seen.text === held.text && seen.seenAt - held.seenAt < GONE_MS;
        held = seen;
        if (!again) await latest.current(seen.text);
      },
      failed: (of) => void (trouble.value = of),
    });
    return () => {
      looking.value = false;
      stop();
    };
  }, [facing]);
  return (
    <div class="finder">
      <video ref={video} class={facing === "user" ? "mirrored" : undefined} muted playsInline aria-hidden="true" />
      <div class="frame" aria-hidden="true" />
      <p class="hint" role="status">
        {say(trouble.value !== null ? TROUBLES[trouble.value] : looking.value ? hint : WORDS.starting)}
      </p>
    </div>
  );
}
