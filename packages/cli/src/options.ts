// Typed command-line options: declared once as data, parsed strictly, with every mistake reported together.
import { parseArgs } from 'node:util';

/** One option. `decode` gets what was given, in order, and throws `OptionProblem` in words for the user. */
export interface Option<T> {
  readonly placeholder: string | undefined;
  readonly help: string;
  readonly multiple: boolean;
  decode(given: readonly string[]): T;
}

export type OptionTable = Readonly<Record<string, Option<unknown>>>;
export type OptionValues<S extends OptionTable> = { readonly [K in keyof S]: S[K] extends Option<infer T> ? T : never };

export class OptionProblem extends Error {}

/** The command line is wrong; `problems` lists all that is. */
export class UsageError extends Error {
  readonly code = 'MALHA4801';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'UsageError';
  }
}

export interface ParsedArguments<S extends OptionTable> {
  readonly options: OptionValues<S>;
  readonly positionals: readonly string[];
}

/** Parses `argv` strictly. `positionals` is the number of words allowed beside the options. */
export function parseOptions<S extends OptionTable>(
  table: S,
  argv: readonly string[],
  positionals: { readonly min: number; readonly max: number; readonly what: string } = { min: 0, max: 0, what: '' },
): ParsedArguments<S> {
  const problems: string[] = [];
  const given = collect(table, argv, problems);
  const options: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) {
    try {
      options[name] = option.decode(given.values.get(name) ?? []);
    } catch (error) {
      if (!(error instanceof OptionProblem)) throw error;
      problems.push(`--${name} ${error.message}`);
    }
  }
  const words = given.positionals;
  if (words.length < positionals.min) problems.push(`${positionals.what} is missing`);
  const surplus = words[positionals.max];
  if (surplus !== undefined) problems.push(`unexpected argument "${surplus}"`);
  if (problems.length > 0) throw new UsageError(problems);
  return { options: options as OptionValues<S>, positionals: words };
}

function collect(table: OptionTable, argv: readonly string[], problems: string[]) {
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: Object.fromEntries(
      Object.entries(table).map(([name, option]) => [
        name,
        { type: option.placeholder === undefined ? ('boolean' as const) : ('string' as const), multiple: true },
      ]),
    ),
  });
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = table[token.name];
    const list = values.get(token.name) ?? [];
    if (option === undefined) problems.push(unknownOption(table, token.rawName));
    else if (option.placeholder === undefined && token.value !== undefined)
      problems.push(`${token.rawName} takes no value`);
    else if (option.placeholder !== undefined && token.value === undefined)
      problems.push(`${token.rawName} needs a value`);
    else if (!option.multiple && list.length > 0) problems.push(`${token.rawName} is given twice`);
    else values.set(token.name, [...list, token.value ?? 'true']);
  }
  return { values, positionals };
}

function unknownOption(table: OptionTable, given: string): string {
  const bare = given.replace(/^-+/, '');
  const near = Object.keys(table)
    .map((name) => ({ name, distance: editDistance(bare, name) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const hint =
    near !== undefined && near.distance <= Math.max(2, bare.length / 3) ? ` (did you mean --${near.name}?)` : '';
  return `unknown option ${given}${hint}`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The options as lines of a help text. */
export function describeOptions(table: OptionTable): string {
  const rows = Object.entries(table).map(([name, option]) => ({
    left: `  --${name}${option.placeholder === undefined ? '' : ` ${option.placeholder}`}`,
    help: option.help,
  }));
  const width = Math.max(...rows.map((row) => row.left.length)) + 2;
  return rows.map((row) => `${row.left.padEnd(width)}${row.help}`).join('\n');
}
