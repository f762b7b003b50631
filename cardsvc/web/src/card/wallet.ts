/** The cards of this phone: one's own, and those of children whose guardian carries them. */
import { computed, signal } from "@preact/signals";
import { base64url, bringing, publicPoint } from "./code.ts";
import { startDays } from "./days.ts";
import { Keeper, type Kept } from "./keeper.ts";
import { answered, forgetKey, keyFor } from "./newkeys.ts";
import { now, post, startClock } from "./service.ts";
import { all, get, put } from "./store.ts";

const CHOSEN = "chosen";
const RENEW_MS = 3_600_000;

export const ready = signal(false);
/** In the order they came. */
export const keepers = signal<readonly Keeper[]>([]);
const chosenId = signal<string | null>(null);
/** The card on the screen. */
export const chosen = computed(() => keepers.value.find((one) => one.id === chosenId.value) ?? keepers.value[0] ?? null);

export async function start(): Promise<void> {
  await Promise.all([startClock(), startDays()]);
  const kept = await all<Kept>("cards");
  keepers.value = kept.sort((one, other) => one.added - other.added).map((one) => new Keeper(one, gone));
  chosenId.value = (await get<string>("choices", CHOSEN)) ?? null;
  ready.value = true;
  addEventListener("online", () => void renewAll());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void renewAll());
  setInterval(() => void renewAll(), RENEW_MS);
  await renewAll();
}

export async function renewAll(): Promise<void> {
  await Promise.all(keepers.value.map((one) => one.renew()));
}

export async function choose(keeper: Keeper): Promise<void> {
  chosenId.value = keeper.id;
  await put("choices", CHOSEN, keeper.id);
}

/** Bring a code from the desk with a key of its own; throws `Refusal`, or `Unreachable` without a network. */
export async function enrol(code: string): Promise<Keeper> {
  const keys = await keyFor(code);
  const asking = post<{ state: string; fingerprint: string }>("enrol", await bringing(keys, code));
  const answer = await answered(code, asking);
  const keeper = await adopt(keys, { state: answer.state, fingerprint: answer.fingerprint });
  await forgetKey(code);
  return keeper;
}

const idOf = async (keys: CryptoKeyPair): Promise<string> => base64url(await publicPoint(keys));

/** The card of this phone that a key carries, or is to carry. */
export async function carriedBy(keys: CryptoKeyPair): Promise<Keeper | undefined> {
  const id = await idOf(keys);
  return keepers.value.find((one) => one.id === id);
}

/** Take a card up whose key this phone has made; its keeper then asks how it stands. Twice by one key is once. */
export async function adopt(keys: CryptoKeyPair, how: Pick<Kept, "state" | "fingerprint"> & Partial<Kept>): Promise<Keeper> {
  const known = await carriedBy(keys);
  if (known !== undefined) {
    await choose(known);
    void known.renew();
    return known;
  }
  const kept: Kept = {
    id: await idOf(keys), added: now(), keys, card: null, token: null, exp: 0, asked: 0, offer: null, ready: null, notices: [], paper: 0, ...how,
  }; // prettier-ignore
  await put("cards", kept.id, kept);
  const keeper = new Keeper(kept, gone);
  keepers.value = [...keepers.value, keeper];
  await choose(keeper);
  void keeper.renew();
  // Browsers throw away what they think is only a copy; a key is none.
  void navigator.storage?.persist?.();
  return keeper;
}

function gone(keeper: Keeper): void {
  keepers.value = keepers.value.filter((one) => one !== keeper);
}
