/** From here on empty fields are told as missing: somebody wanted to submit. */
import { signal } from "@preact/signals";

export const attempted = signal<ReadonlySet<string>>(new Set());

export function attempt(id: string): void {
  attempted.value = new Set([...attempted.value, id]);
}

/** The field that has the focus tidies what it holds, as it does when it is left: a shortcut leaves none. */
export function tidyField(): void {
  const field = document.activeElement;
  if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) return;
  field.blur();
  field.focus();
}

/** Bring a field into view and into the keyboard's hands. */
export function focusField(name: string): void {
  const found = document.querySelector<HTMLElement>(`[data-field="${CSS.escape(name)}"]`) ?? document.querySelector<HTMLElement>(`[data-part="${CSS.escape(name)}"]`);
  found?.scrollIntoView({ block: "center" });
  found?.focus({ preventScroll: true });
}
