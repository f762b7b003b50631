/** What an officer does beside scanning, under the thumb. */
import { signal } from "@preact/signals";
import { pending } from "./memory.ts";
import { Both, Sheet } from "./parts.tsx";
import { checked, current, end } from "./shift.ts";
import { online, sheet } from "./state.ts";
import type { Sheet as SheetName } from "./state.ts";
import { sunlight, useSunlight } from "./theme.ts";
import type { Pair } from "./words.ts";
import { clock, say } from "./words.ts";
import { MORE } from "./words.shift.ts";

const leaving = signal(false);

export function Menu() {
  const { name, office, ends, offset } = current();
  if (leaving.value) return <Leave />;
  return (
    <Sheet title={MORE.shift} name="menu" back="none">
      <p>
        <b>{name}</b> · {office}
        <br />
        <span class="quiet">
          {say(MORE.until)} {clock(ends - offset)}
        </span>
      </p>
      <nav aria-label={say(MORE.shift)}>
        <Entry to="checks" words={MORE.checks} count={checked.value} />
        <Entry to="requests" words={MORE.requests} count={pending.value} far />
        <Entry to="look-up" words={MORE.lookUp} far />
        <Entry to="hotlist" words={MORE.hotlist} far />
        <Entry to="data" words={MORE.kept} />
        <button type="button" aria-pressed={sunlight.value} onClick={() => useSunlight(!sunlight.value)}>
          <span>
            <Both of={MORE.sun} />
          </span>
        </button>
      </nav>
      <button type="button" class="leave" onClick={() => (leaving.value = true)}>
        <b>
          <Both of={MORE.signOut} />
        </b>
      </button>
    </Sheet>
  );
}

function Leave() {
  const go = (): void => {
    leaving.value = false;
    void end();
  };
  return (
    <section class="sheet" aria-label={say(MORE.signOut)}>
      <h2>
        <Both of={MORE.signOut} />
      </h2>
      <p>{say(MORE.signOutAsk)}</p>
      <footer class="foot">
        <button type="button" class="next" onClick={go}>
          {say(MORE.yes)}
        </button>
        <button type="button" onClick={() => (leaving.value = false)}>
          {say(MORE.no)}
        </button>
      </footer>
    </section>
  );
}

interface EntryProps {
  readonly to: SheetName;
  readonly words: Pair;
  readonly count?: number;
  /** Whether it needs the service. */
  readonly far?: boolean;
}

function Entry({ to, words, count, far = false }: EntryProps) {
  return (
    <button type="button" onClick={() => (sheet.value = to)}>
      <span>
        <Both of={words} />
      </span>
      {far && !online() ? <small>{say(MORE.needsNetwork)}</small> : count ? <b class="count">{count}</b> : null}
    </button>
  );
}
