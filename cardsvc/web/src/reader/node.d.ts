/** What the command of the reader uses of Node; the pages never run there. */
declare module "node:readline" {
  export function createInterface(options: { input: unknown; crlfDelay: number }): AsyncIterable<string>;
}
declare module "node:process" {
  const node: {
    readonly stdin: unknown;
    readonly stdout: { write(text: string): boolean };
  };
  export default node;
}
