// The value of `grpc-timeout`: at most eight digits and a unit (gRPC over HTTP/2, "Timeout").

const TIMEOUT = /^([0-9]{1,8})([HMSmun])$/;
const VALUE_MAX = 99_999_999;

const MS_OF_UNIT: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};
/** Of what is told to an upstream; the finest unit whose value has eight digits. */
const TOLD_UNITS = ['m', 'S'] as const;

/** Milliseconds, with fractions; undefined when malformed. */
export function parseGrpcTimeout(text: string): number | undefined {
  const match = TIMEOUT.exec(text);
  const unit = MS_OF_UNIT[match?.[2] ?? ''];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}

/** Rounded down, so that an upstream never believes to have longer; what is left of less than a millisecond is told as 1 µs. */
export function formatGrpcTimeout(ms: number): string {
  if (ms < 1) return '1u';
  for (const unit of TOLD_UNITS) {
    const value = Math.floor(ms / (MS_OF_UNIT[unit] ?? 1));
    if (value <= VALUE_MAX) return `${value}${unit}`;
  }
  return `${VALUE_MAX}S`;
}
