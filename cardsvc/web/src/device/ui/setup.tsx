/** A browser becomes a reader: a one-time code, then the root document that a person compares. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { Bytes } from "../../reader/bytes.ts";
import { ReaderError } from "../../reader/errors.ts";
import { fingerprint } from "../keeper.ts";
import { device } from "./page.ts";
import { Heading, Refusal, Told } from "./parts.tsx";
import { WORDS, say } from "./words.ts";

/** A root document that the service showed and nobody has vouched for yet. */
const offered = signal<Bytes | null>(null);

export function SetUp() {
  const stage = device.value?.stage.value;
  if (stage === "new") return <Enrol />;
  if (stage === "rootless") return <Compare />;
  return stage === "empty" ? <FirstData /> : null;
}

/** A code however it was typed: capitals, four and four. */
function spelled(text: string): string {
  const letters = text.toUpperCase().replace(/[^0-9A-Z]/g, "");
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

/** The operator's page gives an address with the code behind the number sign, which no server sees. */
function Enrol() {
  const [code, setCode] = useState(() => decodeURIComponent(location.hash.slice(1)));
  const [busy, setBusy] = useState(false);
  const bring = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    if (await device.value?.enrol(spelled(code))) history.replaceState(null, "", location.pathname);
    setBusy(false);
  };
  return (
    <form class="sheet" onSubmit={(event) => void bring(event)}>
      <Heading words={WORDS.setUp} />
      <label for="code">{say(WORDS.code)}</label>
      <input
        id="code"
        class="onetime"
        value={code}
        onInput={(event) => setCode(event.currentTarget.value)}
        autocomplete="one-time-code"
        autocapitalize="characters"
        spellcheck={false}
        required
        maxLength={20}
      />
      <p class="quiet">{say(WORDS.codeHint)}</p>
      <Refusal />
      <button class="next" disabled={busy}>{say(WORDS.enrol)}</button>
    </form>
  );
}

function Compare() {
  const [refused, setRefused] = useState(false);
  const [failed, setFailed] = useState<ReaderError | null>(null);
  const ask = async (): Promise<void> => {
    setFailed(null);
    try {
      offered.value = (await device.value?.offeredRoot()) ?? null;
    } catch (error) {
      if (!(error instanceof ReaderError)) throw error;
      setFailed(error);
    }
  };
  useEffect(() => void ask(), []);
  const root = offered.value;
  const keep = async (): Promise<void> => {
    if (root !== null && (await device.value?.pin(root))) device.value?.begin();
  };
  if (refused) {
    return (
      <section class="sheet">
        <Heading words={WORDS.different} />
        <p role="alert">{say(WORDS.stopHere)}</p>
        <button type="button" onClick={() => setRefused(false)}>{say(WORDS.back)}</button>
      </section>
    );
  }
  return (
    <section class="sheet">
      <Heading words={WORDS.compare} />
      <p>{say(WORDS.compareWhy)}</p>
      {root === null ? (
        <>
          {failed === null ? <p class="quiet" role="status">{say(WORDS.fetching)}</p> : null}
          <Told of={failed} />
          {failed === null ? null : <button type="button" class="next" onClick={() => void ask()}>{say(WORDS.again)}</button>}
        </>
      ) : (
        <>
          <code class="fingerprint" dir="ltr">{fingerprint(root)}</code>
          <Refusal />
          <div class="pair">
            <button type="button" class="next" onClick={() => void keep()}>{say(WORDS.same)}</button>
            <button type="button" onClick={() => setRefused(true)}>{say(WORDS.different)}</button>
          </div>
        </>
      )}
    </section>
  );
}

function FirstData() {
  return (
    <section class="sheet">
      <Heading words={WORDS.setUp} />
      <p role="status">{say(WORDS.waiting)}</p>
      <Refusal />
      <button type="button" class="next" onClick={() => void device.value?.sync()}>{say(WORDS.again)}</button>
    </section>
  );
}
