// What a side of the matrix has shown, in a few lines: cases by area, and what it leaves out for which reason.
import type { Area } from '../cases/areas.ts';
import type { MatrixCase, Section, Side } from './case.ts';

const OTHERS = 'others';

/** `agreed`: cases of each section, by its name, that came out as expected. */
export function tally(
  side: Side,
  sections: readonly Section[],
  areas: readonly Area[],
  agreed: ReadonlyMap<string, number>,
): string {
  const cases = sections.flatMap((section) => section.cases);
  const lines = byArea(sections, areas).map(([name, own]) => {
    const ran = own.flatMap((section) => section.cases).filter((each) => isRun(each, side));
    return `  ${name}: ${agreedOf(own, agreed)} of ${ran.length} agree`;
  });
  const ran = cases.filter((each) => isRun(each, side)).length;
  const first = `matrix ${side}: ${agreedOf(sections, agreed)} of ${ran} cases agree, ${cases.length} cases in all`;
  return [first, ...lines, ...reasons(side, cases)].join('\n');
}

function isRun({ leftOut }: MatrixCase, side: Side): boolean {
  return leftOut?.[side] === undefined;
}

function agreedOf(sections: readonly Section[], agreed: ReadonlyMap<string, number>): number {
  return sections.reduce((sum, { name }) => sum + (agreed.get(name) ?? 0), 0);
}

function byArea(sections: readonly Section[], areas: readonly Area[]): [string, Section[]][] {
  const nameOf = ({ name }: Section) => areas.find((area) => area.sections.includes(name))?.name ?? OTHERS;
  return [...areas.map(({ name }) => name), OTHERS]
    .map((area): [string, Section[]] => [area, sections.filter((section) => nameOf(section) === area)])
    .filter(([, own]) => own.length > 0);
}

function reasons(side: Side, cases: readonly MatrixCase[]): string[] {
  const byReason = new Map<string, number>();
  for (const { leftOut } of cases) {
    const reason = leftOut?.[side];
    if (reason !== undefined) byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
  }
  return [...byReason].map(([reason, count]) => `  left out ${count}: ${reason}`);
}
