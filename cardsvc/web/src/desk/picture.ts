/** The picture in the portrait's dialog, and how it goes to the service. */
import { portraitUrl, putPortrait, type Case, type Crop } from "../shared/api/desk.ts";

/** A picture to frame: one that the service has, as a version of its case showed it, or a new file. */
export interface Picture {
  readonly url: string;
  readonly file: Blob | null;
  readonly version: number;
}

export const stored = (one: Case): Picture | null =>
  one.portrait.present ? { url: portraitUrl(one.id, "original", one.version), file: null, version: one.version } : null;

/** A frame goes with the version whose picture stands under it, whatever the case has become by `now`. */
export const send = async (one: string, { file, version }: Picture, now: number, crop: Crop | null): Promise<Case> =>
  file ? putPortrait(one, now, await base64(file), crop) : putPortrait(one, version, null, crop);

async function base64(file: Blob): Promise<string> {
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error ?? new Error("unreadable"));
    reader.readAsDataURL(file);
  });
  return url.slice(url.indexOf(",") + 1);
}
