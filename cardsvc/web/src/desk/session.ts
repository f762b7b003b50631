/** Coming in and leaving: from the first who comes in, a page is theirs until it is loaded anew. */
import { Problem } from "../shared/api/http.ts";
import { currentSession, signOut, type Session } from "../shared/api/staff.ts";
import { drafts, flushDrafts } from "./drafts.ts";
import { over, session, signedIn, signedOut, startFailure } from "./state.ts";

/** Whose typing, searches and ticks this page holds. */
let owner: string | null = null;

/** Who comes in does so in all windows of the browser, and who leaves, too: they share the session. */
const windows = new BroadcastChannel("desk.session");
windows.onmessage = ({ data: id }: MessageEvent<string | null>) => {
  if (id === null) session.value = null;
  else if (owner !== null && owner !== id) beginAnew();
  else if (!signedIn.value) void loadSession();
};

export async function loadSession(): Promise<void> {
  startFailure.value = null;
  try {
    enter(await currentSession());
  } catch (failure) {
    if (failure instanceof Problem && failure.status === 401) signedOut();
    else startFailure.value = failure;
  }
}

/** Somebody is in. Whoever was here goes on where they were, and what they typed is sent; others begin anew. */
export function enter(next: Session): void {
  windows.postMessage(next.staff.id);
  if (owner !== null && owner !== next.staff.id) return beginAnew();
  owner = next.staff.id;
  session.value = next;
  over.value = false;
  void flushDrafts();
}

/** Sign out and forget everything. False, and still in, while something typed has not been sent, unless `anyway`. */
export async function leave(anyway: boolean): Promise<boolean> {
  if (!(await flushDrafts()) && !anyway) return false;
  try {
    await signOut();
  } catch (failure) {
    // A session that was over already is what was asked for.
    if (!(failure instanceof Problem && failure.status === 401)) throw failure;
  }
  windows.postMessage(null);
  beginAnew();
  return true;
}

/** Loaded anew, at nobody's place: what stands in memory is gone for good. */
function beginAnew(): void {
  drafts.clear();
  history.replaceState(null, "", location.pathname);
  location.reload();
}
