/** Whose signature counts: k of n root keys, or one online key of the right use, epoch and time (section 5). */
import type { Bytes } from "./bytes.ts";
import { equal, hex } from "./bytes.ts";
import { PublicKey, decodeSign, decodeSign1, fits, headers, isKnown, kidOf, sign1Tbs, signTbs, verifySignature } from "./cose.ts";
import type { Headers, Sign } from "./cose.ts";
import { moment } from "./days.ts";
import { ReaderError, Refused, Unchecked, malformed } from "./errors.ts";
import { STATUS, USES, covers } from "./keylist.ts";
import type { KeyUse, TrustedKey } from "./keylist.ts";

/** Far more than root keys or algorithms: nobody may make a reader check signatures all day. */
const MAX_SIGNERS = 32;

/** The COSE_Sign in `data`, of `typ`; its signatures are still to be judged. Raises `malformed`, `wrong_type`. */
export function readSign(data: Bytes, typ: string): Sign {
  const sign = decodeSign(data);
  checkTyp(headers(sign.protectedBytes), typ);
  if (sign.signers.length > MAX_SIGNERS) throw malformed(`${typ}: expected at most ${MAX_SIGNERS} signers`);
  return sign;
}

/**
 * Refuse unless `threshold` *different* keys of `keys` signed.
 *
 * Signers of unknown algorithms or keys are skipped, not fatal, so that a further signer can be added. Raises
 * `bad_signature` where a listed key's signature is wrong, else `too_few_signatures`.
 */
export async function checkThreshold(
  sign: Sign,
  keys: readonly PublicKey[],
  threshold: number,
  what: string,
): Promise<void> {
  const good = new Set<string>();
  let wrong = 0;
  for (const signer of sign.signers) {
    const head = known(signer.protectedBytes);
    const kid = head?.kid ?? null;
    const candidates = keys.filter((key) => kid !== null && equal(key.kid, kid) && fits(key, head!.algorithm));
    const message = signTbs(sign.protectedBytes, signer.protectedBytes, sign.payload);
    let right = false;
    for (const key of candidates) {
      if (await verifySignature(key, message, signer.signature)) {
        good.add(`${key.algorithm}:${hex(key.raw)}`);
        right = true;
      }
    }
    if (candidates.length > 0 && !right) wrong += 1;
  }
  if (good.size >= threshold) return;
  if (wrong > 0) throw new Refused("bad_signature", `${what}: ${wrong} signature(s) do not belong to these bytes`);
  throw new Refused("too_few_signatures", `${what}: expected ${threshold} root keys, found ${good.size}`);
}

/** The status and bundle keys that may speak in one epoch. */
export class OnlineKeys {
  constructor(
    private readonly keys: ReadonlyMap<string, readonly TrustedKey[]>,
    private readonly epoch: number,
  ) {}

  /**
   * Refuse unless one signer of a COSE_Sign living from `iat` to `exp` is a key of `use`. The reason is the
   * first that a listed signer failed for; `too_few_signatures` where no signer is listed.
   */
  async checkSign(sign: Sign, use: KeyUse, iat: number, exp: number, what: string): Promise<void> {
    let failed: ReaderError | undefined;
    for (const signer of sign.signers) {
      const head = known(signer.protectedBytes);
      if (head === null || !this.keys.get(hex(head.kid ?? new Uint8Array(0)))) continue;
      const message = signTbs(sign.protectedBytes, signer.protectedBytes, sign.payload);
      try {
        const key = await this.#signer(head, head.kid, use, message, signer.signature, what);
        checkWindow(key, iat, exp, what);
        return;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        failed ??= error;
      }
    }
    throw failed ?? new Refused("too_few_signatures", `${what}: no signer is in the key list`);
  }

  /** The payload of a COSE_Sign1 list of `typ`, and the status key that signed it; its window is unjudged. */
  async openList(data: Bytes, typ: string): Promise<[Bytes, TrustedKey]> {
    const sign1 = decodeSign1(data);
    const head = headers(sign1.protectedBytes);
    checkTyp(head, typ);
    const message = sign1Tbs(sign1.protectedBytes, sign1.payload);
    const key = await this.#signer(head, kidOf(sign1, head), STATUS, message, sign1.signature, typ);
    return [sign1.payload, key];
  }

  async #signer(
    head: Headers,
    kid: Bytes | null,
    use: KeyUse,
    message: Bytes,
    signature: Bytes,
    what: string,
  ): Promise<TrustedKey> {
    const named = kid === null ? [] : (this.keys.get(hex(kid)) ?? []);
    const listed = named.filter((entry) => fits(entry.key, head.algorithm));
    if (listed.length === 0) throw new Refused("too_few_signatures", `${what}: the signer is not in the key list`);
    const fit = listed.filter((entry) => entry.use === use);
    if (fit.length === 0) {
      throw new Refused("wrong_key_use", `${what}: expected a ${USES[use]} key, found a ${USES[listed[0]!.use]} key`);
    }
    const current = fit.filter((entry) => entry.epoch === this.epoch);
    if (current.length === 0) {
      throw new Refused("wrong_epoch", `${what}: expected epoch ${this.epoch}, the key is of ${fit[0]!.epoch}`);
    }
    for (const entry of current) {
      if (await verifySignature(entry.key, message, signature)) return entry;
    }
    throw new Refused("bad_signature", `${what}: the signature does not belong to these bytes`);
  }
}

/** Refuse, as `wrong_key_use`, what a key signed outside its window or what outlives the trust in it. */
export function checkWindow(key: TrustedKey, iat: number, exp: number, what: string): void {
  if (!covers(key, iat)) {
    throw new Refused("wrong_key_use", `${what}: made at ${moment(iat)}, outside the signing window of its key`);
  }
  if (exp > key.trustUntil) {
    throw new Refused("wrong_key_use", `${what}: good until ${moment(exp)}, after the trust in its key ends`);
  }
}

/** The headers of a signer that this reader can judge; null for one of another world, which is skipped. */
function known(protectedBytes: Bytes): Headers | null {
  try {
    const head = headers(protectedBytes);
    return isKnown(head.algorithm) ? head : null;
  } catch (error) {
    if (error instanceof Unchecked) return null;
    throw error;
  }
}

function checkTyp(head: Headers, typ: string): void {
  if (head.typ !== typ) throw new Refused("wrong_type", `expected an object of type ${typ}, found ${head.typ}`);
}
