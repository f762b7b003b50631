/** What the tests and the build use of Node; the pages themselves never run there. */
declare module "node:fs" {
  export function readFileSync(path: string | URL): Uint8Array<ArrayBuffer>;
  export function readFileSync(path: string | URL, encoding: "utf8"): string;
  export function readdirSync(path: string | URL, how?: { encoding: "utf8"; recursive: boolean }): string[];
  export function existsSync(path: string | URL): boolean;
}
declare const process: { readonly env: Readonly<Record<string, string | undefined>> };
