// How often each limit and each fault acted on a request that it was for.
import type { ProtectionSnapshot } from './snapshot.ts';

/** Names that are counted; what a proxy has beyond that acts all the same. */
const NAMES_MAX = 1000;

export class ProtectionCounts {
  private readonly counts = new Map<string, { passed: number; acted: number }>();

  note(name: string, hasActed: boolean): void {
    let counts = this.counts.get(name);
    if (counts === undefined) {
      if (this.counts.size >= NAMES_MAX) return;
      counts = { passed: 0, acted: 0 };
      this.counts.set(name, counts);
    }
    if (hasActed) counts.acted += 1;
    else counts.passed += 1;
  }

  snapshot(): ProtectionSnapshot[] {
    return [...this.counts].map(([name, { passed, acted }]) => ({ name, passed, acted }));
  }
}

export function addProtections(
  a: readonly ProtectionSnapshot[],
  b: readonly ProtectionSnapshot[],
): ProtectionSnapshot[] {
  const sums = new Map(a.map((each) => [each.name, each]));
  for (const { name, passed, acted } of b) {
    const known = sums.get(name);
    sums.set(name, { name, passed: (known?.passed ?? 0) + passed, acted: (known?.acted ?? 0) + acted });
  }
  return [...sums.values()];
}
