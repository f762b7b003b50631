/** The frame over a portrait: always the print's proportions, always inside the picture. In fractions of it. */
import type { Crop } from "../shared/api/desk.ts";

/** A frame in fractions of the picture, so that it fits whatever size the picture is shown at. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Width and height of a picture in pixels. */
export type Size = readonly [number, number];

/** The frame in whole pixels of the picture, inside it. */
export function inPixels({ x, y, w, h }: Frame, [width, height]: Size): Crop {
  const left = Math.round(x * width);
  const top = Math.round(y * height);
  return { x: left, y: top, w: Math.min(Math.round(w * width), width - left), h: Math.min(Math.round(h * height), height - top) };
}

/** Width by height of the printed portrait. */
export const RATIO = 280 / 360;
/** The smallest frame that is still worth printing, as a share of the picture's shorter side. */
const SMALLEST = 0.2;

/** A picture's width by its height. */
export type Shape = number;

/** The largest frame, in the middle and a little high: where a face is. */
export function wholeFrame(shape: Shape): Frame {
  const h = Math.min(1, shape / RATIO);
  const w = (h * RATIO) / shape;
  return { x: (1 - w) / 2, y: (1 - h) * 0.3, w, h };
}

const held = (value: number, most: number): number => Math.max(0, Math.min(value, most));

export function moved(frame: Frame, dx: number, dy: number): Frame {
  return { ...frame, x: held(frame.x + dx, 1 - frame.w), y: held(frame.y + dy, 1 - frame.h) };
}

/** Larger or smaller about its middle. */
export function scaled(frame: Frame, factor: number, shape: Shape): Frame {
  const whole = wholeFrame(shape);
  const h = Math.min(Math.max(frame.h * factor, SMALLEST * Math.min(1, shape)), whole.h);
  const w = (h * RATIO) / shape;
  const x = held(frame.x + (frame.w - w) / 2, 1 - w);
  const y = held(frame.y + (frame.h - h) / 2, 1 - h);
  return { x, y, w, h };
}

/** What the keyboard does to the frame; null for a key that is not its own. */
export function pressed(frame: Frame, key: string, fine: boolean, shape: Shape): Frame | null {
  const step = fine ? 0.005 : 0.02;
  switch (key) {
    case "ArrowLeft":
      return moved(frame, -step, 0);
    case "ArrowRight":
      return moved(frame, step, 0);
    case "ArrowUp":
      return moved(frame, 0, -step);
    case "ArrowDown":
      return moved(frame, 0, step);
    case "+":
    case "=":
      return scaled(frame, 1 + 2 * step, shape);
    case "-":
      return scaled(frame, 1 - 2 * step, shape);
    default:
      return null;
  }
}
