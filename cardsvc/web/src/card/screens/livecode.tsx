/** The code on the screen: a fresh one every half minute, made by a key that cannot leave the phone. */
import { useEffect, useState } from "preact/hooks";
import { qr, type Modules } from "../../shared/qr.ts";
import { QrPicture } from "../../shared/ui/qrpicture.tsx";
import type { Bytes } from "../../reader/bytes.ts";
import { phoneCode, type Besides } from "../code.ts";
import { now } from "../service.ts";
import { say } from "../words/index.ts";

/** docs/format.md section 6: a fresh code every half minute; a reader takes it for a minute. */
const PERIOD_S = 30;
const TICK_MS = 500;

interface LiveCodeProps extends Besides {
  readonly keys: CryptoKeyPair;
  readonly token: Bytes;
}

export function LiveCode({ keys, token, challenge, consent }: LiveCodeProps) {
  const [modules, setModules] = useState<Modules | null>(null);
  const [left, setLeft] = useState(PERIOD_S);
  useEffect(() => {
    let made = 0;
    let stopped = false;
    const tick = (): void => {
      const time = now();
      // Also after a sleep, and after the clock was set: what is on the screen is never older.
      if (made === 0 || time - made >= PERIOD_S || time < made) {
        made = time;
        void phoneCode(keys.privateKey, token, time, { challenge, consent }).then((text) => stopped || setModules(qr(text)));
      }
      setLeft(PERIOD_S - (time - made));
    };
    tick();
    const timer = setInterval(tick, TICK_MS);
    return () => {
      stopped = true;
      clearInterval(timer);
    };
  }, [keys, token, consent]);
  return (
    <div class="live">
      <div class="code">{modules && <QrPicture modules={modules} label={say("show")} />}</div>
      <progress max={PERIOD_S} value={left} aria-label={say("renews", { n: left })} />
      <p class="left">{say("renews", { n: left })}</p>
    </div>
  );
}
