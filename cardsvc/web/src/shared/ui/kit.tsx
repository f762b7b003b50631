/** The few parts that every page is put together from. */
import { createContext, type ComponentChildren, type JSX } from "preact";
import { useContext, useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Problem, Unreachable } from "../api/http.ts";
import { NoPasskey } from "../api/passkey.ts";
import { inOther, language, t, told, type Key } from "../i18n/index.ts";

/** Whether a screen stands out of sight until somebody is in again: it keeps all it holds, and asks for nothing. */
export const Away = createContext(false);

export function Kbd({ keys }: { keys: string }) {
  return <kbd aria-hidden="true">{keys}</kbd>;
}

interface ButtonProps extends JSX.HTMLAttributes<HTMLButtonElement> {
  kind?: "primary" | "plain" | "danger" | "quiet";
  /** The key that does the same, as shown; the shortcut itself is registered by the screen. */
  hint?: string;
  busy?: boolean;
  disabled?: boolean;
  type?: "button" | "submit";
}

export function Button({ kind = "plain", hint, busy, disabled, children, type = "button", ...rest }: ButtonProps) {
  const shortcut = hint ? { "aria-keyshortcuts": hint.replace("Ctrl", "Control").replace("⏎", "Enter") } : {};
  return (
    <button {...rest} {...shortcut} type={type} class={`button ${kind}`} aria-busy={busy} disabled={disabled || busy}>
      <span>{children}</span>
      {hint && <Kbd keys={hint} />}
    </button>
  );
}

export type Tone = "green" | "attention" | "deny" | "quiet";

export function Badge({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

/** The words of a heading in the reader's language, and small beside them in the other. */
export function Both({ k }: { k: Key }) {
  const other = inOther(k);
  return (
    <>
      {t(k)}{" "}
      <span class="other" lang={other.lang === "zh" ? "zh-CN" : "en"}>
        {other.text}
      </span>
    </>
  );
}

/** The page's heading; it takes the focus when the page changes, so that a screen reader says where one is. */
export function Title({ k, children, sub }: { k: Key; children?: ComponentChildren; sub?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const away = useContext(Away);
  useEffect(() => {
    if (away) return;
    document.title = `${t(k)} · 商友卡`;
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, [k, language.value, away]);
  return (
    <header class="title">
      <div>
        <h1 tabIndex={-1} ref={heading}>
          <Both k={k} />
        </h1>
        {sub && <p class="mute">{sub}</p>}
      </div>
      {children && <div class="actions">{children}</div>}
    </header>
  );
}

interface Named {
  readonly name: string;
  readonly name_native?: string | null;
  readonly name_chinese?: string | null;
}

/** A name in all its scripts, always together, each in its own direction. */
export function Names({ of, small }: { of: Named; small?: boolean }) {
  const others = [of.name_native, of.name_chinese].filter((one): one is string => Boolean(one));
  return (
    <span class={small ? "names small" : "names"}>
      <bdi class="latin">{of.name || "—"}</bdi>
      {others.length > 0 && (
        <span class="scripts">
          {others.map((one) => (
            <bdi key={one} dir="auto">
              {one}
            </bdi>
          ))}
        </span>
      )}
    </span>
  );
}

/** `4417 0926 3358 5`, as it is printed. */
export function CardNumber({ number }: { number: string }) {
  return <span class="number">{number.replace(/(.{4})(?=.)/g, "$1 ")}</span>;
}

export function Note({ tone, children, action }: { tone: Tone; children: ComponentChildren; action?: ComponentChildren }) {
  return (
    <div class={`note ${tone}`} role={tone === "deny" ? "alert" : "note"}>
      <Mark tone={tone} />
      <div>{children}</div>
      {action}
    </div>
  );
}

/** Allow, attention and deny: each its own shape, so that nobody needs the colour. */
export function Mark({ tone }: { tone: Tone }) {
  const shapes: Record<Tone, JSX.Element> = {
    green: <path d="M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19Zm-4.4 9.8 3 3 5.9-6.4" />,
    attention: <path d="M12 3 2.5 20.5h19L12 3Zm0 6.5v5m0 2.5v.4" />,
    deny: <path d="M8 2.5h8L21.5 8v8L16 21.5H8L2.5 16V8L8 2.5Zm1 6.5 6 6m0-6-6 6" />,
    quiet: <path d="M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19Zm0 8.5v5.5m0-9v.4" />,
  };
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
      {shapes[tone]}
    </svg>
  );
}

export function Empty({ k, children }: { k: Key; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <svg viewBox="0 0 120 76" aria-hidden="true">
        <rect x="1" y="1" width="118" height="74" rx="7" />
        <rect x="10" y="18" width="26" height="34" rx="3" />
        <path d="M46 24h46M46 34h30M46 44h22M10 64h34" />
        <rect x="84" y="42" width="26" height="26" rx="3" />
      </svg>
      <p>{t(k)}</p>
      {children}
    </div>
  );
}

/** The session ended by itself; whoever holds the page has been told. */
function isSignedOut(failure: unknown): boolean {
  return failure instanceof Problem && failure.reason === "not_signed_in";
}

/** What went wrong, in the reader's language where the catalogue knows the reason, else in the service's words. */
export function wordsOf(failure: unknown): string {
  if (failure instanceof Unreachable) return t("error.unreachable");
  if (failure instanceof NoPasskey) return t("error.no_passkey");
  if (isSignedOut(failure)) return t("error.signed_out");
  if (failure instanceof Problem && !failure.reason.startsWith("http_")) return reasonWords(failure.reason, failure.message);
  // A screen that breaks while it says what went wrong would say nothing at all.
  console.error(failure);
  return t("error.other");
}

/** The service's words are English and know the case; the catalogue's are used where English is not read. */
export function reasonWords(reason: string, words: string): string {
  return language.value === "en" ? words : (told("reason", reason) ?? words);
}

export function Failure({ of, again }: { of: unknown; again?: (() => void) | undefined }) {
  return (
    <Note tone="deny" action={again && <Button onClick={again}>{t("act.again")}</Button>}>
      {wordsOf(of)}
    </Note>
  );
}

/** Run something the person asked for, once at a time; meanwhile the buttons wait, and what went wrong is kept to show. */
export function useTask() {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const running = useRef(false);
  const run = async (work: () => Promise<void>): Promise<void> => {
    // A key is quicker than the button that it shows disabled.
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setFailure(null);
    try {
      await work();
    } catch (reason) {
      setFailure(reason);
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { busy, failure, run, clear: () => setFailure(null) };
}

/**
 * Fetch, and fetch again when `on` changes or `reload` is called; the last answer stays until the next. `poll` is for
 * clocks: it lets a fetch that runs come to its end, since on a slow line every answer would else be given up. What a
 * session that ended did not answer is fetched when somebody is in again; until then nothing is.
 */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, on: readonly unknown[]) {
  const [data, setData] = useState<T | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const running = useRef(false);
  const away = useContext(Away);
  useEffect(() => {
    if (away) return undefined;
    const stop = new AbortController();
    running.current = true;
    const end = (tell: () => void) => {
      if (stop.signal.aborted) return;
      running.current = false;
      tell();
    };
    load(stop.signal).then(
      (answer) =>
        end(() => {
          setData(answer);
          setFailure(null);
        }),
      (reason) => end(() => isSignedOut(reason) || setFailure(reason)),
    );
    return () => stop.abort();
  }, [...on, round, away]);
  const reload = () => setRound((count) => count + 1);
  const poll = () => {
    if (!running.current) reload();
  };
  return { data, failure, setData, reload, poll };
}

/** Have it run every so often while the screen stands; with `null`, not now. */
export function useEvery(ms: number | null, run: () => void): void {
  const latest = useRef(run);
  latest.current = run;
  const away = useContext(Away);
  useEffect(() => {
    if (ms === null || away) return undefined;
    const timer = setInterval(() => latest.current(), ms);
    return () => clearInterval(timer);
  }, [ms, away]);
}

interface DialogProps {
  readonly title: ComponentChildren;
  readonly close: () => void;
  readonly wide?: boolean;
  /** Something runs whose end must be seen: until then nobody leaves. */
  readonly waits?: boolean;
  readonly children: ComponentChildren;
}

/**
 * A modal in the browser's own top layer: focus stays inside, Escape closes, focus returns to where it was. Away, it is
 * closed as well: one that is open lets nobody press anything outside, whether it is seen or not.
 */
export function Dialog({ title, close, wide, waits, children }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  const away = useContext(Away);
  const before = useRef(document.activeElement);
  const show = () => {
    if (!away) box.current?.showModal();
  };
  const cancel = (event: Event) => {
    // A file chooser that is given up says so in the same words, and its event rises to here.
    if (event.target !== event.currentTarget) return;
    event.preventDefault();
    if (!waits) close();
  };
  useLayoutEffect(() => {
    if (away) return undefined;
    show();
    // The browser takes the first button, which closes; the heading is where one begins to read.
    if (document.activeElement?.classList.contains("icon")) box.current?.querySelector("h2")?.focus();
    return () => {
      // While it is open, nothing outside takes the focus.
      box.current?.close();
      if (before.current instanceof HTMLElement) before.current.focus();
    };
  }, [away]);
  return (
    <dialog ref={box} class={wide ? "wide" : ""} aria-labelledby={id} onCancel={cancel} onClose={show}>
      <header>
        <h2 id={id} tabIndex={-1}>
          {title}
        </h2>
        <button type="button" class="button quiet icon" aria-label={t("act.close")} disabled={waits} onClick={close}>
          ✕
        </button>
      </header>
      {children}
    </dialog>
  );
}

/** Words for screen readers that interrupt nothing. */
let speaker: HTMLElement | null = null;
export function Speaker() {
  return <div class="unseen" role="status" ref={(node) => void (speaker = node)} />;
}
export function say(words: string): void {
  if (speaker) speaker.textContent = words;
}
