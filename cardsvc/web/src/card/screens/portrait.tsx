/** A portrait from the camera or a file, as it would be printed, and what could be better about it. */
import { useEffect, useRef } from "preact/hooks";
import { change, judged, type Applicant, type Picture } from "../applying.ts";
import { smaller } from "../picture.ts";
import { Refusal } from "../service.ts";
import { Note, useTask, Wrong } from "../ui.tsx";
import { say, type Key } from "../words/index.ts";

/** A print's shape (docs/cards.md); drawn at twice its size on the screen. */
const PRINT = { width: 210, height: 270 };
const LIGHT: ReadonlySet<string> = new Set(["too_dark", "too_bright", "low_contrast"]);
const words = (finding: string): Key => (LIGHT.has(finding) ? "portrait.light" : (`portrait.${finding}` as Key));
const UNUSABLE = { refused: "portrait.unusable" } as const;

export function PortraitField({ one }: { readonly one: Applicant }) {
  const task = useTask(UNUSABLE);
  const take = (file: File | undefined): void => {
    if (file === undefined) return;
    void task.run(async () => {
      const jpeg = await smaller(file);
      if (jpeg === null) throw new Refusal("portrait_unreadable");
      const picture = await judged(jpeg);
      await change(one.id, () => ({ picture, pictured: true, changed: true }));
    });
  };
  const { picture } = one;
  return (
    <>
      {picture && <Print of={picture} />}
      <div role="status">
        {task.busy && <progress class="busy" aria-label={say("field.portrait")} />}
        {picture?.findings.length === 0 && <Note tone="good">{say("portrait.fine")}</Note>}
        {picture?.findings.map((finding) => <Note key={finding} tone="attention">{say(words(finding))}</Note>)}
        {picture === null && one.pictured && <Note tone="good">{say("portrait.there")}</Note>}
      </div>
      <Wrong of={task.wrong} />
      <p class="hint">{say("portrait.hint")}</p>
      <div class="pair">
        <Choose name="portrait.take" camera busy={task.busy} take={take} />
        <Choose name="portrait.choose" busy={task.busy} take={take} />
      </div>
    </>
  );
}

interface ChooseProps {
  readonly name: Key;
  readonly camera?: boolean;
  /** One picture at a time: the answer to an earlier one must not come after a later one's. */
  readonly busy: boolean;
  readonly take: (file: File | undefined) => void;
}

/** The phone's own camera, or its pictures: a button that opens either. */
function Choose({ name, camera, busy, take }: ChooseProps) {
  return (
    <label class="button filed">
      {say(name)}
      <input type="file" accept="image/*" disabled={busy} {...(camera && { capture: "user" })} onChange={(event) => { take(event.currentTarget.files?.[0]); event.currentTarget.value = ""; }} />
    </label>
  );
}

function Print({ of: { jpeg, crop } }: { readonly of: Picture }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const picture = new Image();
    picture.onload = () => canvas.current?.getContext("2d")?.drawImage(picture, crop.x, crop.y, crop.w, crop.h, 0, 0, PRINT.width, PRINT.height);
    picture.src = `data:image/jpeg;base64,${jpeg}`;
    return () => void (picture.onload = null);
  }, [jpeg]);
  return <canvas class="print" ref={canvas} {...PRINT} role="img" aria-label={say("field.portrait")} />;
}
