// Bounds the heap's young generation of this process, as `node --max-semi-space-size=4` would, when the flag was not given.
// V8 lets it grow to 32 MB under load, a third of what a whole sidecar may take. Its size is fixed when a process starts,
// but the factor by which it grows is read at each growth: it is let grow once, to the size wanted, and then held there.
import v8 from 'node:v8';

const MIB = 1024 * 1024;
/** Two halves of 4 MiB: short-lived objects of a few hundred requests, so that few are copied. */
const YOUNG_SIZE_BYTES = 8 * MIB;
/** From its first 1 MiB a half. */
const GROWTH_FACTOR = 4;
const ROUNDS_MAX = 32;
const OBJECTS_PER_ROUND = 10_000;

export function limitYoungGeneration(): void {
  v8.setFlagsFromString(`--semi-space-growth-factor=${GROWTH_FACTOR}`);
  // Growth happens at a collection that finds many survivors.
  for (let round = 0; round < ROUNDS_MAX && youngSize() < YOUNG_SIZE_BYTES; round++) survive();
  v8.setFlagsFromString('--semi-space-growth-factor=1');
}

function youngSize(): number {
  return v8.getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? YOUNG_SIZE_BYTES;
}

function survive(): number {
  return Array.from({ length: OBJECTS_PER_ROUND }, (_, index) => ({ index })).length;
}
