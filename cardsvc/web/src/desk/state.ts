/** What all screens of the desk share: who is signed in, and where one is. */
import { computed, signal } from "@preact/signals";
import type { Role, Session } from "../shared/api/staff.ts";
import { whenSignedOut } from "../shared/api/http.ts";

/** Whose page this is: `undefined` until the service answered, `null` when nobody is signed in. */
export const session = signal<Session | null | undefined>(undefined);
/** The session ended by itself: what its owner was at stands as it was, out of sight, until they are in again. */
export const over = signal(false);
export const signedIn = computed(() => Boolean(session.value) && !over.value);
export const startFailure = signal<unknown>(null);

/** The service knows no session. */
export function signedOut(): void {
  if (session.value) over.value = true;
  else session.value = null;
}
whenSignedOut(signedOut);

export const may = (...roles: Role[]): boolean => roles.includes(session.value?.staff.role as Role);

/** The place after `#`: `/case/7` is `["case", "7"]`. */
const hash = signal(location.hash);
/** How often one went anywhere. */
let moves = 0;
window.addEventListener("hashchange", () => {
  if (leaving()) moves += 1;
  hash.value = location.hash;
});
/** Whether the browser is on its way somewhere that `place` does not say yet. */
export const leaving = (): boolean => location.hash !== hash.peek();
export const place = computed(() => hash.value.replace(/^#\/?/, "").split("/").filter(Boolean).map(decodeURIComponent));

export function go(...parts: string[]): void {
  const next = `#/${parts.map(encodeURIComponent).join("/")}`;
  // Where one was no longer holds the focus; the new page's heading takes it.
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  location.hash = next;
  hash.value = next;
  moves += 1;
}
/** Taken as an act begins: whether one is still there when its answer comes, which else calls nobody back. */
export function staying(): () => boolean {
  const begun = moves;
  return () => moves === begun && !leaving();
}
/** The list one came from, to go back to. */
export type List = "queue" | "approve";
export const list = signal<List>("queue");

export const link = (...parts: string[]): string => `#/${parts.map(encodeURIComponent).join("/")}`;
