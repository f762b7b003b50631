/** Take or choose a portrait, and frame the face: by mouse, by finger, by keyboard. */
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { openCase, type Case } from "../shared/api/desk.ts";
import { Problem } from "../shared/api/http.ts";
import { t } from "../shared/i18n/index.ts";
import { fileOf } from "../shared/ui/fields.tsx";
import { Away, Button, Dialog, Failure, Note, useTask } from "../shared/ui/kit.tsx";
import { inPixels, moved, pressed, scaled, wholeFrame, type Frame, type Size } from "./crop.ts";
import { send, stored, type Picture } from "./picture.ts";

/** Past this the service refuses the file; it is said before 8 MB travel. */
const LARGEST_FILE = 5 * 1024 * 1024;
/** What the service takes; not every system knows the kinds of a phone's pictures by name. */
const PICTURES = "image/jpeg,image/png,image/webp,image/heic,image/heif,.heic,.heif";
/** Enough for a print of 280 × 360 however it is framed, and light on the line. */
const CAMERA = { width: { ideal: 1280 }, height: { ideal: 960 }, facingMode: "user" };

interface Props {
  readonly one: Case;
  readonly before: () => Promise<boolean>;
  readonly version: () => number;
  readonly done: (next: Case) => void;
  readonly close: () => void;
}

export function PortraitDialog({ one, before, version, done, close }: Props) {
  const [picture, setPicture] = useState<Picture | null>(() => stored(one));
  const [frame, setFrame] = useState<Frame | null>(null);
  const [size, setSize] = useState<Size | null>(null);
  const [camera, setCamera] = useState(false);
  const [tooLarge, setTooLarge] = useState(false);
  const task = useTask();
  useEffect(() => () => void (picture?.file && URL.revokeObjectURL(picture.url)), [picture]);
  const take = (file: Blob) => {
    setTooLarge(file.size > LARGEST_FILE);
    if (file.size > LARGEST_FILE) return;
    setFrame(null);
    setCamera(false);
    setPicture({ url: URL.createObjectURL(file), file, version: 0 });
  };
  const keep = () =>
    task.run(async () => {
      if (!picture) return;
      await before();
      const crop = frame && size && inPixels(frame, size);
      try {
        done(await send(one.id, picture, version(), crop));
      } catch (failure) {
        if (!picture.file && failure instanceof Problem && failure.reason === "changed_meanwhile") {
          // Under the words that say so stands the other's picture, to be looked at.
          setPicture(stored(await openCase(one.id)));
          setFrame(null);
        }
        throw failure;
      }
    });
  return (
    <Dialog title={t("portrait.title")} close={close} wide>
      <div class="studio" onDragOver={(event) => event.preventDefault()} onDrop={(event) => {
        event.preventDefault();
        const dropped = event.dataTransfer?.files[0];
        if (dropped) take(dropped);
      }}>
        {camera ? <Camera take={take} /> : picture ? <Framing key={picture.url} url={picture.url} frame={frame} change={setFrame} sized={setSize} /> : <div class="stage none">{t("portrait.none")}</div>}
        <div class="advice">
          <ul>
            <li>{t("portrait.hint.eyes")}</li>
            <li>{t("portrait.hint.light")}</li>
            <li>{t("portrait.hint.ground")}</li>
            <li>{t("portrait.hint.cover")}</li>
          </ul>
          {picture && !camera && <p class="mute">{t("portrait.keys")}</p>}
          {tooLarge && <Note tone="deny">{t("portrait.large")}</Note>}
          {task.failure !== null && <Failure of={task.failure} />}
        </div>
      </div>
      <footer class="row">
        <Button onClick={() => setCamera(!camera)} aria-pressed={camera}>{t("portrait.camera")}</Button>
        <label class="button plain file">
          <span>{t("portrait.file")}</span>
          <input type="file" accept={PICTURES} onChange={(event) => {
            const chosen = fileOf(event.currentTarget);
            if (chosen) take(chosen);
          }} />
        </label>
        <span class="grow" />
        <Button onClick={close}>{t("act.cancel")}</Button>
        <Button kind="primary" busy={task.busy} disabled={!picture || camera || (!picture.file && !frame)} onClick={() => void keep()}>{t("portrait.keep")}</Button>
      </footer>
    </Dialog>
  );
}

function Camera({ take }: { take: (file: Blob) => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [refused, setRefused] = useState(false);
  const away = useContext(Away);
  useEffect(() => {
    if (away) return undefined;
    let stream: MediaStream | null = null;
    let gone = false;
    navigator.mediaDevices.getUserMedia({ video: CAMERA }).then(
      (opened) => {
        stream = opened;
        if (gone) opened.getTracks().forEach((track) => track.stop());
        else if (video.current) video.current.srcObject = opened;
      },
      () => setRefused(true),
    );
    return () => {
      gone = true;
      stream?.getTracks().forEach((track) => track.stop());
    };
  }, [away]);
  const shoot = () => {
    const from = video.current;
    if (!from?.videoWidth) return;
    const canvas = document.createElement("canvas");
    canvas.width = from.videoWidth;
    canvas.height = from.videoHeight;
    canvas.getContext("2d")?.drawImage(from, 0, 0);
    canvas.toBlob((file) => file && take(file), "image/jpeg", 0.92);
  };
  if (refused) return <div class="stage none"><Note tone="attention">{t("portrait.nocamera")}</Note></div>;
  return (
    <div class="stage camera">
      <video ref={video} autoplay muted playsInline />
      <svg viewBox="0 0 280 360" aria-hidden="true"><ellipse cx="140" cy="160" rx="78" ry="104" /></svg>
      <Button kind="primary" onClick={shoot}>{t("portrait.shoot")}</Button>
    </div>
  );
}

interface FramingProps {
  readonly url: string;
  readonly frame: Frame | null;
  readonly change: (next: Frame) => void;
  readonly sized: (size: Size) => void;
}

/** The picture with its frame; without one the service finds the face itself, and says so. */
function Framing({ url, frame, change, sized }: FramingProps) {
  const [shape, setShape] = useState<number | null>(null);
  const [grip, setGrip] = useState<{ x: number; y: number; scale: boolean } | null>(null);
  const [unshown, setUnshown] = useState(false);
  const stage = useRef<HTMLDivElement>(null);
  const look = (picture: HTMLImageElement | null) => {
    // A picture that the browser has already tells nobody that it was loaded.
    if (!picture?.naturalWidth || shape) return;
    setShape(picture.naturalWidth / picture.naturalHeight);
    sized([picture.naturalWidth, picture.naturalHeight]);
  };
  const shown = frame ?? (shape ? wholeFrame(shape) : null);
  const at = (event: PointerEvent) => {
    const box = stage.current?.getBoundingClientRect();
    return { x: (event.clientX - (box?.left ?? 0)) / (box?.width ?? 1), y: (event.clientY - (box?.top ?? 0)) / (box?.height ?? 1) };
  };
  const start = (event: PointerEvent) => {
    event.preventDefault();
    stage.current?.setPointerCapture(event.pointerId);
    stage.current?.querySelector<HTMLElement>(".frame")?.focus();
    setGrip({ ...at(event), scale: (event.target as HTMLElement).classList.contains("handle") });
  };
  const drag = (event: PointerEvent) => {
    if (!grip || !shown || !shape) return;
    const here = at(event);
    change(grip.scale ? scaled(shown, 1 + 2 * (here.y - grip.y), shape) : moved(shown, here.x - grip.x, here.y - grip.y));
    setGrip({ ...here, scale: grip.scale });
  };
  const press = (event: KeyboardEvent) => {
    const next = shown && shape ? pressed(shown, event.key, event.shiftKey, shape) : null;
    if (!next) return;
    event.preventDefault();
    change(next);
  };
  if (unshown) return <div class="stage none">{t("portrait.unshown")}</div>;
  const place = shown && { left: `${shown.x * 100}%`, top: `${shown.y * 100}%`, width: `${shown.w * 100}%`, height: `${shown.h * 100}%` };
  return (
    <div class="stage" onPointerMove={drag} onPointerUp={() => setGrip(null)}>
      <div class="canvas" ref={stage}>
        <img src={url} alt={t("portrait.alt")} draggable={false} ref={look} onLoad={(event) => look(event.currentTarget)} onError={() => setUnshown(true)} />
        {place && (
          <div class={frame ? "frame" : "frame auto"} style={place} tabIndex={0} role="group" aria-label={t("portrait.frame")} aria-roledescription={t("portrait.frame.role")} onPointerDown={start} onKeyDown={press}>
            <svg viewBox="0 0 280 360" aria-hidden="true"><ellipse cx="140" cy="162" rx="78" ry="104" /></svg>
            <span class="handle" />
          </div>
        )}
      </div>
    </div>
  );
}
