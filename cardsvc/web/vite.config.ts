/// <reference types="vitest/config" />
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { defineConfig } from "vite";
import { offline } from "./src/offline/offline.ts";

/** One page a user group; each is an HTML file beside this one. */
const pages = readdirSync(".").filter(
  (name) => name.endsWith(".html") && existsSync(`src/${name.replace(".html", "")}/main.tsx`),
);

export default defineConfig({
  plugins: [offline(readFileSync)],
  esbuild: { jsx: "automatic", jsxImportSource: "preact" },
  build: {
    target: "es2022",
    // The content security policy allows nothing inline and no data: fonts; every asset is a file with a hash.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: pages },
    reportCompressedSize: false,
  },
  test: { include: ["src/**/*.test.ts"], environment: "node", testTimeout: 60_000, hookTimeout: 60_000 },
});
