/** Positions as people copy them from a map: `29.3060, 120.0750`. */
import type { Position } from "../../shared/api/readers.ts";

const TEXT = /^\s*(-?\d{1,2}(?:\.\d+)?)\s*[,，\s]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/;

/** The position, null for nothing typed, undefined for what is no position. */
export function positionOf(text: string): Position | null | undefined {
  if (text.trim() === "") return null;
  const found = TEXT.exec(text);
  if (!found) return undefined;
  const [latitude, longitude] = [Number(found[1]), Number(found[2])];
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? { latitude, longitude } : undefined;
}

export const positionText = (at: Position | null): string => (at ? `${at.latitude.toFixed(5)}, ${at.longitude.toFixed(5)}` : "");
