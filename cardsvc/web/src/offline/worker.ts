/**
 * The service worker of one page: all of it is fetched at installation and served from the cache afterwards, so
 * that it starts without a network. What the service says (bundles, root documents) is never cached here: the
 * page keeps it, and checks it.
 */
export {};

declare const __PAGE__: string;
/** The page's own script, by the name that its HTML gives it. */
declare const __ENTRY__: string;
declare const __ASSETS__: readonly string[];

interface Extendable extends Event {
  waitUntil(promise: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
interface Worker {
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
  addEventListener(kind: "install" | "activate", listener: (event: Extendable) => void): void;
  addEventListener(kind: "fetch", listener: (event: Fetching) => void): void;
}
const worker = self as unknown as Worker;

/** The names of assets hold hashes of their contents: the same list is the same page. */
const NAME = `${__PAGE__}:${digest(__ASSETS__.join())}`;

function digest(text: string): string {
  let value = 0;
  for (const character of text) value = (Math.imul(value, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return value.toString(36);
}

/**
 * All or nothing: an installation that fails leaves the worker before it, and the browser tries again. Behind one
 * address hosts are upgraded one after another, and an old one's page names files that are not in this cache.
 */
async function install(): Promise<void> {
  const page = await fetch(__PAGE__, { cache: "reload" });
  if (!page.ok || !(await page.clone().text()).includes(__ENTRY__)) throw new Error(`${__PAGE__} is another release's`);
  const cache = await caches.open(NAME);
  await cache.addAll(__ASSETS__);
  await cache.put(__PAGE__, page);
  await worker.skipWaiting();
}

async function activate(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(`${__PAGE__}:`) && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
  await worker.clients.claim();
}

/** From the cache; a font of a rarer script is kept from its first use on. */
async function serve(request: Request): Promise<Response> {
  const cache = await caches.open(NAME);
  const kept = await cache.match(request.mode === "navigate" ? __PAGE__ : request);
  if (kept !== undefined) return kept;
  const response = await fetch(request);
  if (response.ok && request.destination === "font") await cache.put(request, response.clone());
  return response;
}

worker.addEventListener("install", (event) => event.waitUntil(install()));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname === __PAGE__ || url.pathname.startsWith("/assets/")) event.respondWith(serve(event.request));
});
