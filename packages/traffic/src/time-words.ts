// Spans of time in words, for operators.
const MS_PER_SECOND = 1_000;

/** `2 s`, `400 ms` */
export function timeWords(ms: number): string {
  return ms % MS_PER_SECOND === 0 ? `${ms / MS_PER_SECOND} s` : `${ms} ms`;
}
