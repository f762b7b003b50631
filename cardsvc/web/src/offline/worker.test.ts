/** The worker as the build makes it, while hosts behind one address are upgraded one after another. */
import { readFileSync } from "node:fs";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { offline } from "./offline.ts";

const ORIGIN = "https://cards.example";
const SCRIPT = "/assets/card-NEW.js";
const STYLE = "/assets/card-NEW.css";
const html = (script: string): string => `<!doctype html><script type="module" src="${script}"></script>`;

let source: string;
/** What the hosts answer, by path; anything else is not there. */
let hosts: Record<string, string>;
let kept: Map<string, Map<string, Response>>;
let listeners: Record<string, (event: object) => void>;

/** Caches, as far as the worker uses them. */
const opened = (name: string) => {
  const cache = kept.get(name) ?? new Map<string, Response>();
  kept.set(name, cache);
  return {
    match: async (what: string | Request) => cache.get(typeof what === "string" ? what : new URL(what.url).pathname),
    put: async (path: string, response: Response) => void cache.set(path, response),
    addAll: async (paths: readonly string[]) => {
      const found = await Promise.all(paths.map((path) => answered(path)));
      if (!found.every(({ ok }) => ok)) throw new TypeError("not all of them are there");
      paths.forEach((path, at) => cache.set(path, found[at]!));
    },
  };
};
const answered = async (path: string): Promise<Response> => new Response(hosts[path] ?? "", { status: path in hosts ? 200 : 404 });

beforeAll(async () => {
  const entry = {
    type: "chunk", fileName: SCRIPT.slice(1), facadeModuleId: "/src/card.html", imports: [], dynamicImports: [],
    viteMetadata: { importedCss: new Set([STYLE.slice(1)]), importedAssets: new Set() },
  }; // prettier-ignore
  const made: { readonly fileName: string; readonly source: string }[] = [];
  const build = offline(readFileSync).generateBundle as (options: object, bundle: object) => Promise<void>;
  await build.call({ emitFile: (file: (typeof made)[number]) => made.push(file) }, {}, { entry });
  expect(made.map((file) => file.fileName)).toEqual(["card-worker.js"]);
  source = made[0]!.source;
});

beforeEach(() => {
  hosts = { "/card": html(SCRIPT), [SCRIPT]: "new", [STYLE]: "new" };
  kept = new Map([["/card:old", new Map([["/card", new Response(html("/assets/card-OLD.js"))]])]]);
  listeners = {};
  const self = {
    addEventListener: (kind: string, listener: (event: object) => void) => (listeners[kind] = listener),
    skipWaiting: async () => undefined,
    clients: { claim: async () => undefined },
  };
  const caches = { open: async (name: string) => opened(name), keys: async () => [...kept.keys()], delete: async (name: string) => kept.delete(name) };
  new Function("self", "caches", "fetch", "location", source)(self, caches, answered, new URL(ORIGIN));
});

async function has(kind: "install" | "activate"): Promise<void> {
  let done: Promise<unknown> = Promise.resolve();
  listeners[kind]!({ waitUntil: (promise: Promise<unknown>) => (done = promise) });
  await done;
}

/** What somebody gets who opens the page. */
async function shown(): Promise<string> {
  let response: Promise<Response> | undefined;
  const request = { method: "GET", url: `${ORIGIN}/card`, mode: "navigate" };
  listeners["fetch"]!({ request, respondWith: (promise: Promise<Response>) => (response = promise) });
  return (await response!).text();
}

it("keeps the page with the files that it names, and works without a network", async () => {
  await has("install");
  await has("activate");
  hosts = {};
  expect(await shown()).toBe(html(SCRIPT));
  expect([...kept].map(([, files]) => [...files.keys()].sort())).toEqual([[STYLE, SCRIPT, "/card"].sort()]);
});

it("is not installed with the page of a host that was not upgraded yet, and is later", async () => {
  hosts["/card"] = html("/assets/card-OLD.js");
  await expect(has("install")).rejects.toThrow("another release");
  expect([...kept.keys()]).toEqual(["/card:old"]);
  hosts["/card"] = html(SCRIPT);
  await has("install");
  await has("activate");
  expect(await shown()).toBe(html(SCRIPT));
});

it.each([["the page", "/card"], ["a file of it", STYLE]])("is not installed without %s", async (_, path) => {
  delete hosts[path];
  await expect(has("install")).rejects.toThrow();
  expect([...kept.values()].flatMap((files) => [...files.keys()])).toEqual(["/card"]);
});
