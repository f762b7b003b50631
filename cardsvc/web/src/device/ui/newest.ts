/** A page that is never closed: a newer one is asked for by the hour, and takes over while nobody looks at this one. */
import { effect, signal } from "@preact/signals";

const ASK_MS = 3_600_000;

/** `idle`: nothing is shown and nothing is being typed. */
export async function stayNewest(page: string, idle: () => boolean): Promise<void> {
  const { serviceWorker } = navigator;
  const newer = signal(false);
  // The first worker of all has come with this very page.
  let known = serviceWorker.controller !== null;
  serviceWorker.addEventListener("controllerchange", () => {
    newer.value = known;
    known = true;
  });
  effect(() => {
    if (newer.value && idle()) location.reload();
  });
  const registration = await serviceWorker.register(`/${page}-worker.js`, { scope: `/${page}` });
  setInterval(() => void registration.update().catch(() => undefined), ASK_MS); // Without a network the old one does.
}
