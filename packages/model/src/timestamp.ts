// Points in time as resources write them (RFC 3339, in UTC), read without the clock of the machine.

const TIMESTAMP = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/;
const DAY_MS = 86_400_000;
const DAYS_OF_ERA = 146_097;
/** From 0000-03-01, where the eras of 400 years begin, to 1970-01-01. */
const DAYS_TO_EPOCH = 719_468;

export function isTimestamp(text: string): boolean {
  return TIMESTAMP.test(text);
}

/** Milliseconds since the Unix epoch. Throws RangeError for anything else than a timestamp in UTC. */
export function timestampMs(text: string): number {
  const parts = TIMESTAMP.exec(text);
  if (parts === null) throw new RangeError(`"${text}" is not a timestamp like 2026-11-26T09:30:00Z`);
  const [, year, month, day, hours, minutes, seconds, fraction = '0'] = parts;
  const days = daysSinceEpoch(Number(year), Number(month), Number(day));
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return days * DAY_MS + ms + Number(fraction.padEnd(3, '0').slice(0, 3));
}

/** Of the proleptic Gregorian calendar; a year begins with March, so that the leap day is its last. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_OF_ERA + dayOfEra - DAYS_TO_EPOCH;
}
