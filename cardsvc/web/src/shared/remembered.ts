/**
 * Choices of whoever uses this browser: a language, a theme. Where a browser lets a page keep nothing, asking it throws
 * already; a choice then holds as long as the page.
 */
const here = new Map<string, string | null>();

export function remembered(key: string): string | null {
  try {
    return here.get(key) ?? localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keep a choice; null forgets it. */
export function remember(key: string, choice: string | null): void {
  try {
    if (choice === null) localStorage.removeItem(key);
    else localStorage.setItem(key, choice);
    here.delete(key);
  } catch {
    here.set(key, choice);
  }
}
