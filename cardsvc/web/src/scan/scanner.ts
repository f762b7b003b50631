/** QR codes from the camera, from a still picture and from a hand scanner that types. */
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import wasm from "zxing-wasm/reader/zxing_reader.wasm?url";

/** Wide enough for the dense code of the back, 117 modules with its quiet zone, from a hand's distance. */
const WIDTH = 1920;
const HEIGHT = 1080;
/** Stills of a phone have 12 megapixels and more; beyond this a code gains nothing from them. */
const MAX_STILL_SIDE = 3200;
/** A camera that was stopped shows no further frame, and must not keep anybody waiting. */
const FRAME_PATIENCE_MS = 500;
/** How texts of cards begin (docs/format.md section 1). */
const OURS = /^(?:NCF|6BF)/;

let prepared: Promise<unknown> | undefined;

/** Compile the reader of pictures, from our own server; one that failed is fetched anew. */
export function prepare(): Promise<unknown> {
  prepared ??= anew(prepareZXingModule({ overrides: { locateFile: () => wasm }, fireImmediately: true }));
  return prepared;
}

async function anew<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    prepared = undefined;
    throw error;
  }
}

/** The text of a card in the picture, or of any other code, or null. */
export async function readPicture(picture: ImageData): Promise<string | null> {
  await prepare();
  // One that ran out of memory does not find it again.
  const found = await anew(readBarcodes(picture, { formats: ["QRCodeModel2"], tryHarder: true, maxNumberOfSymbols: 4 }));
  const texts = found.filter((code) => code.isValid).map((code) => code.text);
  return texts.find((text) => OURS.test(text)) ?? texts[0] ?? null;
}

/** A photograph from the gallery. */
export async function readStill(file: Blob): Promise<string | null> {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, MAX_STILL_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = new OffscreenCanvas(Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (pen === null) return null;
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return readPicture(pen.getImageData(0, 0, canvas.width, canvas.height));
}

/** What the camera of this phone can do. */
export interface Abilities {
  readonly torch: boolean;
  readonly zoom: { readonly min: number; readonly max: number; readonly step: number } | null;
}

/** What the camera does now; one that was kept on is as it was left. */
export interface Setting {
  readonly torch: boolean;
  readonly zoom: number | null;
}

interface MoreCapabilities extends MediaTrackCapabilities {
  torch?: boolean;
  zoom?: { min: number; max: number; step: number };
}

/** Which way the camera looks: away from who holds the device, or at whoever stands before it. */
export type Facing = "environment" | "user";

/** A camera takes half a second to start: between two scans it is kept on, but not longer than this. */
const KEPT_ON_MS = 30_000;

let kept: MediaStream | null = null;
let facingNow: Facing = "environment";
let resting: ReturnType<typeof setTimeout> | undefined;

/** Let the camera go: its light goes out. */
export function releaseCamera(): void {
  for (const track of kept?.getTracks() ?? []) track.stop();
  kept = null;
}

/** The text of a code, and when its picture was taken. */
export interface Seen {
  readonly text: string;
  readonly seenAt: number;
}

/** The camera while it looks for codes. */
export class Camera {
  #stopped = false;

  private constructor(
    private readonly stream: MediaStream,
    private readonly video: HTMLVideoElement,
  ) {}

  /** Starts the camera, the one at the back unless said otherwise; rejects without one or a person's consent. */
  static async start(video: HTMLVideoElement, facing: Facing = "environment"): Promise<Camera> {
    clearTimeout(resting);
    if (facing !== facingNow) releaseCamera();
    facingNow = facing;
    if (kept?.active !== true) {
      kept = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: facing, width: { ideal: WIDTH }, height: { ideal: HEIGHT } },
      });
    }
    video.srcObject = kept;
    await video.play();
    return new Camera(kept, video);
  }

  get abilities(): Abilities {
    const can = (this.#track?.getCapabilities?.() ?? {}) as MoreCapabilities;
    return { torch: can.torch === true, zoom: can.zoom && can.zoom.max > can.zoom.min ? can.zoom : null };
  }

  get setting(): Setting {
    const { torch, zoom } = (this.#track?.getSettings() ?? {}) as { torch?: boolean; zoom?: number };
    return { torch: torch === true, zoom: zoom ?? null };
  }

  async set(change: { torch?: boolean; zoom?: number }): Promise<void> {
    await this.#track?.applyConstraints({ advanced: [change as MediaTrackConstraintSet] });
  }

  /** The first code that is seen; null once the camera is stopped, or was unplugged. */
  async next(): Promise<Seen | null> {
    const canvas = new OffscreenCanvas(1, 1);
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    while (!this.#over && pen !== null) {
      await this.#frame();
      const { videoWidth, videoHeight } = this.video;
      if (this.#over || videoWidth === 0) continue;
      const seenAt = performance.now();
      canvas.width = videoWidth;
      canvas.height = videoHeight;
      pen.drawImage(this.video, 0, 0);
      const text = await readPicture(pen.getImageData(0, 0, videoWidth, videoHeight));
      if (text !== null && !this.#over) return { text, seenAt };
    }
    return null;
  }

  /** Look no more; the camera itself is kept on for a while, for the next scan. */
  stop(): void {
    if (this.#stopped) return; // Another may be looking by now.
    this.#stopped = true;
    this.video.srcObject = null;
    clearTimeout(resting);
    resting = setTimeout(releaseCamera, KEPT_ON_MS);
  }

  get #over(): boolean {
    return this.#stopped || this.#track?.readyState !== "live";
  }

  get #track(): MediaStreamTrack | undefined {
    return this.stream.getVideoTracks()[0];
  }

  #frame(): Promise<void> {
    return new Promise((resolve) => {
      this.video.requestVideoFrameCallback(() => resolve());
      setTimeout(resolve, FRAME_PATIENCE_MS);
    });
  }
}

/** A hand scanner sends its keys within milliseconds; a busy phone may hand them on in gusts. */
const SCANNER_PAUSE_MS = 1000;
/** Shorter than any code, longer than a slip of two keys. */
const SCANNER_LEAST = 12;

/**
 * Hand scanners that type: a run of fast keys, ended by Enter. Returns what stops listening.
 *
 * Listen from a layout effect: a plain effect waits for the next paint, and a card held there meanwhile would be lost.
 */
export function listenToScanner(read: (text: string) => void): () => void {
  let typed = "";
  let last = 0;
  const listen = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.timeStamp - last > SCANNER_PAUSE_MS) typed = "";
    last = event.timeStamp;
    if (event.key === "Enter" && typed.length >= SCANNER_LEAST) {
      event.preventDefault();
      // Codes have capitals alone (RFC 9285): small letters are those of a keyboard whose Caps Lock is on.
      read(typed.toUpperCase());
      typed = "";
    } else if (event.key.length === 1) {
      typed += event.key;
      // A space of the code must not press the button that happens to be in focus.
      if (typed.length > 2) event.preventDefault();
    }
  };
  addEventListener("keydown", listen, { capture: true });
  return () => removeEventListener("keydown", listen, { capture: true });
}
