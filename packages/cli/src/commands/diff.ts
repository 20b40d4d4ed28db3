// malha diff: what an apply of these files would change.
import { keyOf, toYaml } from '@malha/model';
import { storedItems } from '../answer.ts';
import { callApi } from '../api-client.ts';
import { type Command, EXIT_NEGATIVE, EXIT_OK, type Output } from '../command.ts';
import { apiAddress, apiOptions, helpOption } from '../config.ts';
import { describeFinding } from '../finding-text.ts';
import { lineDiff } from '../line-diff.ts';
import { repeated, text } from '../option-types.ts';
import { describeOptions, parseOptions, UsageError } from '../options.ts';
import { readInput } from '../resource-input.ts';
import { withShortFile } from './apply.ts';

const table = {
  file: repeated(text('FILE', 'file, folder, or - for the standard input')),
  ...apiOptions,
  ...helpOption,
};

export const command: Command = {
  summary: 'shows what an apply would change (exit code 1 = something)',
  usage: () => `Usage: malha diff --file FILE [options]\n\n${describeOptions(table)}\n`,
  run,
};

async function run(argv: readonly string[], output: Output): Promise<number> {
  const { options } = parseOptions(table, withShortFile(argv));
  if (options.file.length === 0) throw new UsageError(['--file is required']);
  const { resources, errors } = readInput(options.file);
  for (const finding of errors) output.note(describeFinding(finding));
  if (errors.length > 0) return EXIT_NEGATIVE;
  const stored = storedItems(await callApi(apiAddress(options), { method: 'GET', path: '/resources' }));
  const before = new Map(stored.map((item) => [item.key, toYaml(item.resource)]));
  let differences = 0;
  for (const resource of resources) {
    const key = keyOf(resource);
    const lines = lineDiff(before.get(key) ?? '', toYaml(resource));
    if (lines.length === 0) continue;
    differences++;
    output.print([`${before.has(key) ? 'changed' : 'new'} ${key}`, ...lines.map((line) => `  ${line}`)].join('\n'));
  }
  output.note(differences === 0 ? 'no difference' : `${differences} of ${resources.length} resources differ`);
  return differences === 0 ? EXIT_OK : EXIT_NEGATIVE;
}
