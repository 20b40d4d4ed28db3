// What the keys of a slider do: arrows 1, with Shift 5, Page Up and Down 10, Home and End to the bounds.

const STEP = 1;
const SHIFT_STEP = 5;
const PAGE_STEP = 10;

/** What a key on a slider asks for; undefined for keys that it does not know. */
export function valueOfKey(
  key: string,
  isShift: boolean,
  value: number,
  bounds: { readonly min: number; readonly max: number },
): number | undefined {
  const step = isShift ? SHIFT_STEP : STEP;
  switch (key) {
    case 'ArrowRight':
    case 'ArrowUp':
      return value + step;
    case 'ArrowLeft':
    case 'ArrowDown':
      return value - step;
    case 'PageUp':
      return value + PAGE_STEP;
    case 'PageDown':
      return value - PAGE_STEP;
    case 'Home':
      return bounds.min;
    case 'End':
      return bounds.max;
    default:
      return undefined;
  }
}
