// What a side of the matrix has shown, in a few lines: cases by theme and area, and what it leaves out for which reason.
import { type Area, THEMES } from '../cases/areas.ts';
import type { MatrixCase, Section, Side } from './case.ts';

/** `agreed`: cases of each section, by its name, that came out as expected. */
export function tally(
  side: Side,
  sections: readonly Section[],
  areas: readonly Area[],
  agreed: ReadonlyMap<string, number>,
): string {
  const within = (some: readonly Area[]) => sections.filter(({ name }) => some.some((area) => isIn(area, name)));
  const summed = (own: readonly Section[]) => `${agreedOf(own, agreed)} of ${runBy(side, own)} agree`;
  const lines = THEMES.flatMap((theme) => {
    const own = areas.filter((area) => area.theme === theme);
    return [`  ${theme}: ${summed(within(own))}`, ...own.map((area) => `    ${area.name}: ${summed(within([area]))}`)];
  });
  const count = sections.reduce((sum, { cases }) => sum + cases.length, 0);
  const first = `matrix ${side}: ${agreedOf(sections, agreed)} of ${runBy(side, sections)} cases agree, ${count} cases in all`;
  return [first, ...lines, ...reasons(side, sections)].join('\n');
}

/** Cases that the side does not leave out. */
export function runBy(side: Side, sections: readonly Section[]): number {
  return sections.flatMap(({ cases }) => cases).filter(({ leftOut }) => leftOut?.[side] === undefined).length;
}

function isIn({ sections }: Area, name: string): boolean {
  return sections.includes(name);
}

function agreedOf(sections: readonly Section[], agreed: ReadonlyMap<string, number>): number {
  return sections.reduce((sum, { name }) => sum + (agreed.get(name) ?? 0), 0);
}

/** The most frequent first. */
function reasons(side: Side, sections: readonly Section[]): string[] {
  const left = sections.flatMap(({ cases }) => cases.flatMap(({ leftOut }: MatrixCase) => leftOut?.[side] ?? []));
  if (left.length === 0) return [];
  const counts = new Map<string, number>();
  for (const reason of left) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return [`  left out: ${left.length}`, ...sorted.map(([reason, count]) => `    ${count}: ${reason}`)];
}
