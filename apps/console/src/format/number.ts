// Figures as the console writes them: three significant digits, the unit apart, a dash where nothing was measured.

/** A figure and its unit, kept apart so that the unit can be set quieter. */
export interface Measure {
  readonly text: string;
  readonly unit: string;
}

export const NO_BREAK_SPACE = '\u00a0';
const none: Measure = { text: '–', unit: '' };

function grouped(value: number, digits: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Requests per second: 412, 20.0, 0.96. Never rounds a few away to zero. */
export function rate(perSecond: number | null | undefined, unit = '/s'): Measure {
  if (perSecond === null || perSecond === undefined) return none;
  if (perSecond === 0) return { text: '0', unit };
  if (perSecond < 0.005) return { text: '<0.01', unit };
  const digits = perSecond >= 99.95 ? 0 : perSecond >= 9.995 ? 1 : 2;
  return { text: grouped(perSecond, digits), unit };
}

/** Requests per second where columns are narrow: 412, 22, 0.4. */
export function rateShort(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined) return '–';
  if (perSecond === 0) return '0';
  return grouped(perSecond, perSecond >= 9.95 ? 0 : perSecond >= 0.95 ? 1 : 2);
}

/** Milliseconds: 0.4 ms, 36 ms, 1.22 s, 2 min 5 s. */
export function duration(ms: number | null | undefined): Measure {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return none;
  if (ms < 9.95) return { text: ms === 0 ? '0' : grouped(ms, 1), unit: 'ms' };
  if (ms < 999.5) return { text: grouped(ms, 0), unit: 'ms' };
  if (ms < 9_995) return { text: grouped(ms / 1000, 2), unit: 's' };
  if (ms < 99_950) return { text: grouped(ms / 1000, 1), unit: 's' };
  const minutes = Math.floor(ms / 60_000);
  return { text: `${minutes} min ${Math.round((ms - minutes * 60_000) / 1000)}`, unit: 's' };
}

/** A share of 0..1 as percent: 0, 0.02, 4.8, 25.1, 100. Never rounds a failure away to zero. */
export function percent(share: number | null | undefined, digits?: number): Measure {
  if (share === null || share === undefined || !Number.isFinite(share)) return none;
  const value = share * 100;
  if (digits !== undefined) return { text: grouped(value, digits), unit: '%' };
  if (value === 0) return { text: '0', unit: '%' };
  if (value < 0.005) return { text: '<0.01', unit: '%' };
  if (value < 0.995) return { text: grouped(value, 2), unit: '%' };
  if (value > 99.995) return { text: '100', unit: '%' };
  if (value > 99) return { text: grouped(Math.min(value, 99.99), 2), unit: '%' };
  return { text: grouped(value, 1), unit: '%' };
}

/** Success as percent: 100 only when nothing failed. */
export function success(errorRate: number): Measure {
  if (errorRate === 0) return { text: '100', unit: '%' };
  return { text: grouped(Math.min(99.99, (1 - errorRate) * 100), 2), unit: '%' };
}

/** Bytes in memory: 66 MB. */
export function bytes(value: number | null | undefined): Measure {
  if (value === null || value === undefined) return none;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let scaled = value;
  let index = 0;
  while (scaled >= 999.5 && index < units.length - 1) {
    scaled /= 1000;
    index += 1;
  }
  return { text: grouped(scaled, index > 0 && scaled < 9.95 ? 1 : 0), unit: units[index] ?? 'B' };
}

/** Counts: 5,000. */
export function count(value: number): string {
  return grouped(value, 0);
}

/** `1 proxy`, `3 proxies`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A measure in running text, joined by a no-break space. */
export function inWords(measure: Measure): string {
  if (measure.unit === '') return measure.text;
  const join = measure.unit.startsWith('/') ? '' : NO_BREAK_SPACE;
  return `${measure.text}${join}${measure.unit}`;
}
