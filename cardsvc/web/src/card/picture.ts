/** A photograph as phones make them, down to what the service takes: a JPEG of a few hundred kilobytes. */

/** Pixels of the longer side: four times what a print has. */
const LONGEST = 1400;
/** The service takes 600,000 bytes; base64 has four characters for three of them. */
const MOST_CHARACTERS = 790_000;
const QUALITIES = [0.9, 0.8, 0.65, 0.5];

/** Base64 of the JPEG, turned upright; null where the file is no picture that this browser reads. */
export async function smaller(file: Blob): Promise<string | null> {
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return null;
  }
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  for (const quality of QUALITIES) {
    const text = canvas.toDataURL("image/jpeg", quality).split(",")[1] ?? "";
    if (text.length <= MOST_CHARACTERS) return text;
  }
  return null;
}
