import { expect, it } from "vitest";
import { RATIO, inPixels, moved, pressed, scaled, wholeFrame } from "./crop.ts";

const inside = ({ x, y, w, h }: { x: number; y: number; w: number; h: number }) => {
  expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
  expect(x + w).toBeLessThanOrEqual(1 + 1e-9);
  expect(y + h).toBeLessThanOrEqual(1 + 1e-9);
};

it.each([16 / 9, 4 / 3, 1, RATIO, 3 / 4, 9 / 16])("keeps the print's proportions in a picture of shape %f", (shape) => {
  let frame = wholeFrame(shape);
  inside(frame);
  for (const key of ["-", "-", "ArrowLeft", "ArrowUp", "+", "ArrowRight", "ArrowDown", "-", "-"]) {
    frame = pressed(frame, key, false, shape) ?? frame;
    inside(frame);
    expect((frame.w * shape) / frame.h).toBeCloseTo(RATIO, 9);
  }
});

it("never leaves the picture and never vanishes", () => {
  const shape = 4 / 3;
  expect(moved(wholeFrame(shape), -5, -5)).toMatchObject({ x: 0, y: 0 });
  const far = moved(wholeFrame(shape), 5, 5);
  inside(far);
  inside(scaled(far, 100, shape));
  expect(scaled(far, 0.001, shape).h).toBeGreaterThanOrEqual(0.2);
});

it("leaves other keys alone", () => {
  expect(pressed(wholeFrame(1), "Tab", false, 1)).toBeNull();
});

it("goes to whole pixels inside the picture", () => {
  const size = [1281, 961] as const;
  const frame = moved(wholeFrame(size[0] / size[1]), 5, 5);
  const crop = inPixels(frame, size);
  expect(crop.x + crop.w).toBeLessThanOrEqual(size[0]);
  expect(crop.y + crop.h).toBeLessThanOrEqual(size[1]);
  expect(crop.x / size[0]).toBeCloseTo(frame.x, 2);
});
