// malha apply: sends resources to the control plane as one change set.
import { toYamlDocuments } from '@malha/model';
import { describeAnswerFindings, numberField, stringField } from '../answer.ts';
import { ApiError, callApi } from '../api-client.ts';
import { type Command, EXIT_NEGATIVE, EXIT_OK, type Output } from '../command.ts';
import { apiAddress, apiOptions, helpOption } from '../config.ts';
import { describeFinding } from '../finding-text.ts';
import { repeated, required, text, withDefault } from '../option-types.ts';
import { describeOptions, parseOptions } from '../options.ts';
import { readInput } from '../resource-input.ts';

const table = {
  file: required({ ...repeated(text('FILE', 'file, folder, or - for the standard input')), decode: decodeFiles }),
  message: withDefault(text('TEXT', 'why, for the history of changes'), 'malha apply'),
  ...apiOptions,
  ...helpOption,
};

function decodeFiles(given: readonly string[]): readonly string[] | undefined {
  return given.length === 0 ? undefined : given;
}

export const command: Command = {
  summary: 'stores resources, all of them or none, as one revision',
  usage: () => `Usage: malha apply --file FILE [options]\n\n${describeOptions(table)}\n`,
  run,
};

async function run(argv: readonly string[], output: Output): Promise<number> {
  const { options } = parseOptions(table, withShortFile(argv));
  const { resources, errors } = readInput(options.file);
  for (const finding of errors) output.note(describeFinding(finding));
  if (errors.length > 0) return EXIT_NEGATIVE;
  try {
    const answer = await callApi(apiAddress(options), {
      method: 'POST',
      path: '/apply',
      query: { message: options.message },
      body: { type: 'application/yaml', text: toYamlDocuments(resources) },
    });
    output.print(
      `revision ${numberField(answer, 'revision')}: ${resources.length} ${resources.length === 1 ? 'resource' : 'resources'}`,
    );
    for (const line of describeAnswerFindings(answer)) output.note(line);
    return EXIT_OK;
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'MALHA5902') throw error;
    output.note(`refused, nothing was stored: ${error.message}`);
    for (const line of describeAnswerFindings(error.answer)) output.note(line);
    const { conflict } = error.answer;
    if (conflict !== undefined)
      output.note(
        `${stringField(conflict, 'key')} was changed by ${stringField(conflict, 'currentAuthor')} in the meantime`,
      );
    return EXIT_NEGATIVE;
  }
}

/** `-f` as everybody writes it. */
export function withShortFile(argv: readonly string[]): readonly string[] {
  return argv.map((word) => (word === '-f' ? '--file' : word === '-m' ? '--message' : word));
}
