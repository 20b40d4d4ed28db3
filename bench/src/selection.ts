// A part of the cost comparison: which groups a run measures, and how its rows join those of earlier runs.

/**
 * The values that `--NAME=a,b` picks, in the order of `all`; all of them without the option.
 *
 * @returns what is wrong, as text, when a value is none of them
 */
export function chosen<T extends string | number>(argv: readonly string[], name: string, all: readonly T[]) {
  const text = argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);
  if (text === undefined) return all;
  const wanted = text.split(',');
  const unknown = wanted.find((each) => !all.some((one) => String(one) === each));
  if (unknown !== undefined) return `--${name}: "${unknown}" is none of ${all.join(', ')}`;
  return all.filter((one) => wanted.includes(String(one)));
}

interface Group {
  readonly scenario: string;
  readonly connections: number;
}

/** Contestants are compared within a scenario and number of connections, so such a group is replaced as a whole. */
export function latestCost<T extends Group>(now: readonly T[] = [], earlier: readonly T[] = []): T[] {
  const measured = new Set(now.map(groupOf));
  const kept = earlier.filter((row) => !measured.has(groupOf(row)));
  return [...kept, ...now].toSorted((a, b) => a.connections - b.connections);
}

function groupOf({ scenario, connections }: Group): string {
  return `${scenario} ${connections}`;
}
