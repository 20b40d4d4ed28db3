// SVG paths of series over a 100 × 100 field; strokes do not stretch with it (vector-effect).
export type Value = number | null;

const round = (value: number) => Math.round(value * 100) / 100;

/** The top of a scale: a little air above the largest value, never flat at zero. */
export function topOf(series: readonly (readonly Value[])[], least = 0): number {
  let top = least;
  for (const values of series) for (const value of values) if (value !== null && value > top) top = value;
  return top === 0 ? 1 : top * 1.12;
}

const STEPS = [1, 2, 3, 4, 5, 6, 8, 10];

/** The top of an axis: the next round figure whose half is round too. */
export function scaleOf(series: readonly (readonly Value[])[], least = 0): number {
  const top = topOf(series, least) / 1.12;
  const power = 10 ** Math.floor(Math.log10(top));
  const step = STEPS.find((each) => each * power >= top * 0.9999) ?? 10;
  return Number((step * power).toPrecision(3));
}

/** A line with gaps where nothing was measured. */
export function linePath(values: readonly Value[], top: number): string {
  const last = Math.max(1, values.length - 1);
  let path = '';
  let isDrawing = false;
  values.forEach((value, index) => {
    if (value === null || !Number.isFinite(value)) {
      isDrawing = false;
      return;
    }
    path += `${isDrawing ? 'L' : 'M'}${round((index / last) * 100)} ${round(100 - (Math.min(value, top) / top) * 100)}`;
    isDrawing = true;
  });
  return path;
}

/** The area under a line; null counts as zero. */
export function areaPath(values: readonly Value[], top: number): string {
  if (values.length === 0) return '';
  return `${linePath(
    values.map((value) => value ?? 0),
    top,
  )}L100 100L0 100Z`;
}

/** Where the last measured value stands, 0..100. */
export function endPoint(values: readonly Value[], top: number): { readonly x: number; readonly y: number } | null {
  for (let index = values.length - 1; index >= 0; index -= 1) {
    const value = values[index];
    if (value !== null && value !== undefined) {
      const last = Math.max(1, values.length - 1);
      return { x: round((index / last) * 100), y: round(100 - (Math.min(value, top) / top) * 100) };
    }
  }
  return null;
}
