/** The code on the screen: a fresh one every half minute, made by a key that cannot leave the phone. */
import { useEffect, useState } from "preact/hooks";
import { qr, type Modules } from "../../shared/qr.ts";
import { QrPicture } from "../../shared/ui/qrpicture.tsx";
import type { Bytes } from "../../reader/bytes.ts";
import { phoneCode, type Besides } from "../code.ts";
import { live, PERIOD_S } from "../live.ts";
import { Note } from "../ui.tsx";
import { say } from "../words/index.ts";

interface LiveCodeProps extends Besides {
  readonly keys: CryptoKeyPair;
  readonly token: Bytes;
}

export function LiveCode({ keys, token, challenge, consent }: LiveCodeProps) {
  /** Null: this phone can make none. */
  const [modules, setModules] = useState<Modules | null | "making">("making");
  const [left, setLeft] = useState(PERIOD_S);
  useEffect(() => {
    const make = async (time: number): Promise<Modules> => qr(await phoneCode(keys.privateKey, token, time, { challenge, consent }));
    return live(make, setModules, setLeft);
  }, [keys, token, consent]);
  if (modules === null) return <Note tone="deny" aloud>{say("show.none")}</Note>;
  return (
    <div class="live">
      <div class="code">{modules !== "making" && <QrPicture modules={modules} label={say("show")} />}</div>
      <progress max={PERIOD_S} value={left} aria-label={say("renews", { n: left })} />
      <p class="left">{say("renews", { n: left })}</p>
    </div>
  );
}
