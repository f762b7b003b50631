/** The drafts of this page. One with something unsent outlives its screen: leaving a page loses nothing. */
import { signal } from "@preact/signals";
import { saveCase, type Case } from "../shared/api/desk.ts";
import { Unreachable } from "../shared/api/http.ts";
import { Draft, type DraftView } from "./draft.ts";
import { signedIn } from "./state.ts";

export const drafts = new Map<string, Draft>();
export const views = signal<ReadonlyMap<string, DraftView>>(new Map());

window.addEventListener("beforeunload", (event) => {
  if ([...drafts.values()].some((one) => one.unsaved)) event.preventDefault();
});
window.addEventListener("online", () => void flushDrafts());

/** A case that was read. It has one draft for good: shortcuts and the passport reader hold on to it. */
export function take(found: Case): void {
  const kept = drafts.get(found.id);
  if (kept) return kept.adopt(found);
  const tell = (view: DraftView) => void (views.value = new Map(views.value).set(found.id, view));
  const made = new Draft(found, (version, application) => save(found.id, version, application), tell);
  drafts.set(found.id, made);
  tell(made.view);
}

/** While nobody is signed in nothing is sent: it would be saved in the name of whoever comes next. */
async function save(id: string, version: number, application: Case["application"]): Promise<Case> {
  if (!signedIn.value) throw new Unreachable();
  return saveCase(id, version, application);
}

/** Send whatever is unsent; whether nothing is left. */
export async function flushDrafts(): Promise<boolean> {
  const sent = await Promise.all([...drafts.values()].map((one) => one.flush()));
  return sent.every(Boolean);
}
