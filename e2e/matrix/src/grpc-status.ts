// The code that a gRPC client takes an answer for that has none (gRPC's own table of HTTP statuses).
const CODES: ReadonlyMap<number, number> = new Map([
  [400, 13],
  [401, 16],
  [403, 7],
  [404, 12],
  [429, 14],
  [502, 14],
  [503, 14],
  [504, 14],
]);
const UNKNOWN = 2;

export function grpcCodeOf(status: number | 'closed'): number {
  return (status === 'closed' ? undefined : CODES.get(status)) ?? UNKNOWN;
}
