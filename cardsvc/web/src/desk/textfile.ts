/** Files that people bring, as text. */

export type Encoding = "utf-8" | "gb18030";

/** Text that is kept: as it was read, or `null` where the file is in neither encoding, and letters would be lost. */
export async function decoded(file: Blob): Promise<{ readonly text: string; readonly encoding: Encoding } | null> {
  const data = await file.arrayBuffer();
  for (const encoding of ["utf-8", "gb18030"] as const) {
    try {
      return { text: new TextDecoder(encoding, { fatal: true }).decode(data), encoding };
    } catch {
      // Spreadsheets of this country write UTF-8, with or without a mark, or else GB 18030.
    }
  }
  return null;
}

/** Text of which only digits are kept: they are the same in every encoding, and names may be lost. */
export const readText = async (file: Blob): Promise<string> =>
  (await decoded(file))?.text ?? new TextDecoder("gb18030").decode(await file.arrayBuffer());
