// Times and spans in words, on the 24-hour clock of the operator's browser.
import { NO_BREAK_SPACE } from './number.ts';

const clockMinutes = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const clockSeconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const dayAndMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long' });
const shortDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const withYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

export function clock(ms: number): string {
  return clockMinutes.format(ms);
}

export function clockWithSeconds(ms: number): string {
  return clockSeconds.format(ms);
}

/** 14:31:46.207 */
export function clockWithMillis(ms: number): string {
  return `${clockSeconds.format(ms)}.${String(Math.floor(ms % 1000)).padStart(3, '0')}`;
}

function startOfDay(ms: number): number {
  const date = new Date(ms);
  date.setHours(0, 0, 0, 0);
  return date.getTime();
}

/** Heading of a list by days: "Today, 24 November", "Yesterday", "12 October". */
export function dayName(ms: number, nowMs: number): string {
  const days = Math.round((startOfDay(nowMs) - startOfDay(ms)) / 86_400_000);
  if (days === 0) return `Today, ${dayAndMonth.format(ms)}`;
  if (days === 1) return 'Yesterday';
  return dayAndMonth.format(ms);
}

/** The clock for today, else the day: "14:20", "2 Nov", "2 Nov 2025". */
export function moment(ms: number, nowMs: number): string {
  if (startOfDay(ms) === startOfDay(nowMs)) return clock(ms);
  return new Date(ms).getFullYear() === new Date(nowMs).getFullYear() ? shortDay.format(ms) : withYear.format(ms);
}

/** To the second, with the day unless it is today: "14:19:36", "2 Nov, 14:19:36". */
export function momentWithSeconds(ms: number, nowMs: number): string {
  const time = clockWithSeconds(ms);
  return startOfDay(ms) === startOfDay(nowMs) ? time : `${moment(ms, nowMs)}, ${time}`;
}

const steps: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
];

/** A span in its two largest units: "12 h 38 min", "41 d", "6 s". */
export function span(ms: number): string {
  const positive = Math.max(0, ms);
  const first = steps.findIndex(([size]) => positive >= size);
  if (first === -1) return `0${NO_BREAK_SPACE}s`;
  const [size, unit] = steps[first] ?? [1000, 's'];
  const whole = Math.floor(positive / size);
  const next = steps[first + 1];
  const rest = next === undefined ? 0 : Math.floor((positive - whole * size) / next[0]);
  const head = `${whole}${NO_BREAK_SPACE}${unit}`;
  // Two units only where the second still says something.
  if (next === undefined || rest === 0 || whole >= 10 || unit === 'min') return head;
  return `${head} ${rest}${NO_BREAK_SPACE}${next[1]}`;
}

/** What is left of a time, to the second: "15:52", "1:04:09". */
export function countdown(ms: number): string {
  const seconds = Math.ceil(Math.max(0, ms) / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const rest = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** A setting, to the millisecond: "15 s", "1 min 30 s", "250 ms". */
export function setting(ms: number): string {
  const parts: string[] = [];
  let rest = ms;
  for (const [size, unit] of [...steps, [1, 'ms'] as const]) {
    const whole = Math.floor(rest / size);
    if (whole > 0) parts.push(`${whole}${NO_BREAK_SPACE}${unit}`);
    rest -= whole * size;
  }
  return parts.length === 0 ? `0${NO_BREAK_SPACE}s` : parts.join(' ');
}

/** "just now", "6 s ago", "3 h ago". */
export function ago(ms: number, nowMs: number): string {
  const age = nowMs - ms;
  return age < 1000 ? 'just now' : `${span(age)} ago`;
}
