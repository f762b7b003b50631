/** Before a shift, and what a phone needs once: to be let in, and a root document that a person has compared. */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Bytes } from "../reader/bytes.ts";
import { fingerprint } from "../device/keeper.ts";
import { Act, Both, Told, task } from "./parts.tsx";
import { device, errands, letIn } from "./phone.ts";
import { begin } from "./shift.ts";
import { WORDS, say } from "./words.ts";
import { MORE } from "./words.shift.ts";

const work = task();
/** A root document that the service showed and nobody has vouched for yet. */
const offered = signal<Bytes | null>(null);

export function Begin() {
  return (
    <section class="sheet begin">
      <h2>
        <Both of={MORE.begin} />
      </h2>
      <p>{say(MORE.beginWhy)}</p>
      <p class="quiet">{say(MORE.beginAgain)}</p>
      {device().stage.value === "new" ? <p class="quiet">{say(MORE.letInWhy)}</p> : null}
      <Told of={work} />
      <footer class="foot">
        <Act of={work} words={MORE.begin} act={begin} />
      </footer>
    </section>
  );
}

/** What is missing before this phone can judge. */
export function SetUp() {
  switch (device().stage.value) {
    case "new":
      return (
        <Step title={MORE.letIn} words={say(MORE.letInWhy)}>
          <Act of={work} words={MORE.letIn} act={letIn} />
        </Step>
      );
    case "rootless":
      return <Root />;
    default:
      return (
        <Step title={MORE.bundleWait} words={say(MORE.bundleWhy)}>
          <Act of={work} words={MORE.bundleAsk} act={fetchBundle} />
        </Step>
      );
  }
}

async function fetchBundle(): Promise<void> {
  await errands();
  const refused = device().refusal.value;
  if (refused !== null) throw refused;
}

function Root() {
  const root = offered.value;
  const show = async (): Promise<void> => void (offered.value = await device().offeredRoot());
  return (
    <Step title={MORE.rootTitle} words={say(MORE.rootWhy)}>
      {root === null ? (
        <Act of={work} words={MORE.rootOnline} act={show} />
      ) : (
        <div class="compare">
          <p>{say(WORDS.rootCompare)}</p>
          <code>{fingerprint(root)}</code>
          <Act of={work} words={WORDS.rootAccept} act={() => keep(root)} />
        </div>
      )}
      <label class="button">
        {say(MORE.rootFile)}
        <input type="file" id="root-file" onChange={(event) => void work.run(() => keepFile(event.currentTarget.files?.[0]))} />
      </label>
    </Step>
  );
}

async function keepFile(file: File | undefined): Promise<void> {
  if (file !== undefined) await keep(new Uint8Array(await file.arrayBuffer()));
}

async function keep(root: Bytes): Promise<void> {
  const kept = await device().pin(root);
  offered.value = null;
  const refused = device().refusal.value;
  if (!kept && refused !== null) throw refused;
  device().begin();
}

interface StepProps {
  readonly title: readonly [string, string];
  readonly words: string;
  readonly children: ComponentChildren;
}

function Step({ title, words, children }: StepProps) {
  return (
    <section class="sheet setup">
      <h2>
        <Both of={title} />
      </h2>
      <p>{words}</p>
      {children}
      <Told of={work} />
    </section>
  );
}

