// The Date of responses (RFC 9110 §6.6.1): as text, made once per second.

let textSecond = -1;
let text = '';

/** IMF-fixdate of a time of the wall clock, ms since the epoch. */
export function httpDate(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  if (second !== textSecond) {
    textSecond = second;
    text = new Date(second * 1000).toUTCString();
  }
  return text;
}
