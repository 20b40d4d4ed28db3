// Levels of priority: each has endpoints and a picker; how much of the load each takes follows from how many are available.
import type { BalancedEndpoint, Picker } from './balancer-picker.ts';
import { WeightTable } from './weight-table.ts';

/** A level takes its whole load with a little less than all of its endpoints (Envoy's overprovisioning factor). */
const OVERPROVISIONING = 1.4;

export class Level {
  readonly priority: number;
  readonly picker: Picker;
  endpoints: readonly BalancedEndpoint[] = [];
  available = 0;
  /** Not every endpoint may be picked. */
  isRestricted = false;
  /** So few are available that to send all load to them would end them too: all endpoints are used. */
  isPanicking = false;

  constructor(priority: number, picker: Picker) {
    this.priority = priority;
    this.picker = picker;
  }

  update(endpoints: readonly BalancedEndpoint[]): void {
    this.endpoints = endpoints;
    this.picker.update(endpoints);
  }

  /** Part of the level's load that it can take, 0 to 1. */
  get capacity(): number {
    return this.endpoints.length === 0 ? 0 : Math.min(1, (OVERPROVISIONING * this.available) / this.endpoints.length);
  }
}

/** Counts the available anew, and says which part of the load each level takes. `levels` in order of priority. */
export function loadsOf(levels: readonly Level[], panicPercent: number): WeightTable {
  let left = 1;
  const loads = levels.map((level) => {
    level.available = level.endpoints.reduce((count, item) => count + Number(item.isAvailable), 0);
    level.isRestricted =
      level.available < level.endpoints.length || level.endpoints.some(({ health }) => health.isProbing);
    const taken = Math.min(left, level.capacity);
    left -= taken;
    return taken;
  });
  // Rounding leaves dust when the levels together take all.
  const isShort = left > 1e-9;
  const isNobody = left === 1;
  for (const level of levels) {
    const percent = (100 * level.available) / Math.max(1, level.endpoints.length);
    level.isPanicking = isNobody || (isShort && percent < panicPercent);
  }
  // The first level's guess is as good as any.
  if (isNobody) return new WeightTable(levels.map((_, index) => Number(index === 0)));
  return new WeightTable(loads);
}
