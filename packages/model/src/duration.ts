// Gateway API durations (GEP-2257): the text form and its value in milliseconds.

const DURATION = /^([0-9]{1,5}(h|m|s|ms)){1,4}$/;
const PART = /([0-9]{1,5})(ms|h|m|s)/g;
const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** What a duration must look like, in words. */
export const DURATION_FORM = 'one to four parts like "1h", "5m", "15s" or "250ms", without spaces, sign or fraction';

export function isDuration(text: string): boolean {
  return DURATION.test(text);
}

/** Milliseconds of a GEP-2257 duration. Throws RangeError for anything else. */
export function durationMs(text: string): number {
  if (!DURATION.test(text)) throw new RangeError(`"${text}" is not a duration: expected ${DURATION_FORM}`);
  let total = 0;
  for (const [, digits, unit] of text.matchAll(PART)) total += Number(digits) * (UNIT_MS[unit ?? ''] ?? 0);
  return total;
}

/** The shortest usual text of a duration in whole milliseconds: `90000` is `1m30s`, `0` is `0s`. */
export function formatDuration(ms: number): string {
  if (!Number.isInteger(ms) || ms < 0 || ms >= 100_000 * 3_600_000) {
    throw new RangeError(`${ms} ms cannot be written as a duration`);
  }
  let rest = ms;
  let text = '';
  for (const unit of ['h', 'm', 's', 'ms']) {
    const size = UNIT_MS[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text === '' ? '0s' : text;
}
