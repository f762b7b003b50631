/**
 * A step of the build: the service worker of an installable page, with the names of all that the page loads.
 *
 * The worker stands at `/{page}-worker.js`, so that its scope may hold `/{page}`. It knows the page's own script, too:
 * HTML that does not name it is another release's. Fonts are left to the first use: a phone has them.
 */
import type { Plugin, Rollup } from "vite";
import { transformWithEsbuild } from "vite";

const SOURCE = new URL("./worker.ts", import.meta.url);
/** Pages that work without a network. */
const PAGES = ["police", "card", "gate", "seller"];
/** What is fetched at installation: code, styles and the reader of pictures. Phones have letters of their own. */
const PRECACHED = /\.(?:js|css|wasm|svg|webmanifest)$/;

export function offline(read: (path: URL, encoding: "utf8") => string): Plugin {
  return {
    name: "cardsvc-offline",
    apply: "build",
    async generateBundle(_, bundle) {
      for (const page of PAGES) {
        const entry = Object.values(bundle).find(
          (part): part is Rollup.OutputChunk => part.type === "chunk" && part.facadeModuleId?.endsWith(`/${page}.html`) === true,
        );
        if (entry === undefined) continue;
        const files = Array.from(loadedBy(entry, bundle)).filter((name) => PRECACHED.test(`/${name}`)).sort();
        const assets = [...files, ...linked(bundle, /\.(?:webmanifest|svg)$/)].map((name) => `/${name}`);
        const built = await transformWithEsbuild(read(SOURCE, "utf8"), "worker.ts", {
          define: {
            __PAGE__: JSON.stringify(`/${page}`),
            __ENTRY__: JSON.stringify(`/${entry.fileName}`),
            __ASSETS__: JSON.stringify(Array.from(new Set(assets))),
          },
          format: "iife", // A worker that is no module: older phones have no other.
          minify: true,
          target: "es2022",
        });
        this.emitFile({ type: "asset", fileName: `${page}-worker.js`, source: built.code });
      }
    },
  };
}

/** Everything a chunk brings along: what it imports, its styles, and the files that either names. */
function loadedBy(chunk: Rollup.OutputChunk, bundle: Rollup.OutputBundle, found = new Set<string>()): Set<string> {
  if (found.has(chunk.fileName)) return found;
  found.add(chunk.fileName);
  for (const name of chunk.viteMetadata?.importedCss ?? []) found.add(name);
  for (const name of chunk.viteMetadata?.importedAssets ?? []) found.add(name);
  for (const name of [...chunk.imports, ...chunk.dynamicImports]) {
    const part = bundle[name];
    if (part?.type === "chunk") loadedBy(part, bundle, found);
  }
  return found;
}

/** Files that pages link to by their heads. */
function linked(bundle: Rollup.OutputBundle, kind: RegExp): string[] {
  return Object.keys(bundle).filter((name) => kind.test(name));
}
