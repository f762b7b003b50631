/** Where one is on the page: what stands after the number sign, which no server ever sees. */
import { signal } from "@preact/signals";

/** `#/more/lost` is `["more", "lost"]`; a code from the desk, `#7KM3-QXTA`, is the place to add a card with it. */
export function read(hash: string): readonly string[] {
  const text = decodeURIComponent(hash.slice(1));
  if (text.startsWith("/")) return text.slice(1).split("/").filter(Boolean);
  return text ? ["add", text] : [];
}

export const place = signal<readonly string[]>([]);

export function startPlace(): void {
  const follow = (): void => void (place.value = read(location.hash));
  addEventListener("hashchange", follow);
  follow();
}

export const link = (...parts: readonly string[]): string => `#/${parts.join("/")}`;

export function go(...parts: readonly string[]): void {
  location.hash = link(...parts);
}

/** Go where nobody comes back from with the browser's own button: a used code, a card that is gone. */
export function goInstead(...parts: readonly string[]): void {
  history.replaceState(null, "", link(...parts));
  place.value = parts;
}
