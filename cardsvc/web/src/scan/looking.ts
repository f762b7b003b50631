/** A camera that looks for codes as long as its page is seen, and begins again by itself whatever befalls it. */
import { Camera, releaseCamera } from "./scanner.ts";
import type { Facing, Seen } from "./scanner.ts";

/** A camera that is missing may be plugged in again, a reader of pictures that failed be fetched again. */
const AGAIN_MS = 3_000;

/** Without a camera, or with something else wrong here. */
export type Trouble = "no_camera" | "reader_fault";

export interface Looks {
  readonly facing: Facing;
  readonly began: (camera: Camera) => void;
  /** A code was seen; the next one is looked for when this is done. */
  readonly found: (seen: Seen) => Promise<void>;
  /** It begins again in a moment. */
  readonly failed: (trouble: Trouble) => void;
}

/** Look until the function that is returned is called. */
export function lookOn(video: HTMLVideoElement, { facing, began, found, failed }: Looks): () => void {
  let left = false;
  let turned = false;
  let camera: Camera | null = null;
  let wake = (): void => undefined;

  /** Until the camera is stopped or fails; the pause before the next time, in milliseconds. */
  const look = async (): Promise<number> => {
    let trouble: Trouble = "no_camera";
    let pause = AGAIN_MS;
    turned = false;
    try {
      camera = await Camera.start(video, facing);
      if (left || document.hidden) return 0;
      began(camera);
      trouble = "reader_fault";
      for (let seen = await camera.next(); seen !== null; seen = await camera.next()) await found(seen);
      trouble = "no_camera";
    } catch (error) {
      console.error(error);
      // A browser that asks again and again by itself is soon one that asks no more.
      if (error instanceof DOMException && error.name === "NotAllowedError") pause = Infinity;
    }
    if (left || turned) return 0;
    failed(trouble);
    return pause;
  };
  const goOn = async (): Promise<void> => {
    while (!left) {
      // Nobody is watched by a page that nobody sees.
      const pause = document.hidden ? Infinity : await look();
      camera?.stop();
      if (document.hidden) releaseCamera();
      if (pause > 0 && !left) await rest(pause);
    }
  };
  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      if (ms < Infinity) setTimeout(resolve, ms);
    });
  const turn = (): void => {
    turned = true;
    if (document.hidden) camera?.stop();
    wake();
  };
  const touched = (): void => wake();
  document.addEventListener("visibilitychange", turn);
  addEventListener("pointerdown", touched);
  void goOn();
  return () => {
    left = true;
    document.removeEventListener("visibilitychange", turn);
    removeEventListener("pointerdown", touched);
    camera?.stop();
    wake();
  };
}
