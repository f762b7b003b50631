/** Files that people bring, as text. */

export const readText = async (file: Blob): Promise<string> => decode(await file.arrayBuffer());

/** Text as spreadsheets of this country write it: UTF-8 with or without a mark, else GB 18030. */
function decode(data: ArrayBuffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    return new TextDecoder("gb18030").decode(data);
  }
}
