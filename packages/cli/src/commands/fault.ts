// malha fault stop: ends a fault before its time.
import { objectOf } from '../answer.ts';
import { callApi } from '../api-client.ts';
import { type Command, EXIT_NEGATIVE, EXIT_OK, type Output } from '../command.ts';
import { apiAddress, apiOptions, helpOption } from '../config.ts';
import { text, withDefault } from '../option-types.ts';
import { describeOptions, parseOptions, UsageError } from '../options.ts';

const table = { message: withDefault(text('TEXT', 'why, for the list of changes'), ''), ...apiOptions, ...helpOption };

export const command: Command = {
  summary: 'stops a fault (exit code 1 = it had ended)',
  usage: () => `Usage: malha fault stop NAMESPACE/NAME [options]\n\n${describeOptions(table)}\n`,
  run,
};

async function run(argv: readonly string[], output: Output): Promise<number> {
  const { options, positionals } = parseOptions(table, argv, { min: 2, max: 2, what: 'stop NAMESPACE/NAME' });
  const [verb, name = ''] = positionals;
  const [namespace, fault, ...more] = name.split('/');
  if (verb !== 'stop') throw new UsageError([`there is no "malha fault ${verb}"; there is "stop"`]);
  if (!namespace || !fault || more.length > 0) throw new UsageError([`"${name}" is not NAMESPACE/NAME`]);
  const answer = await callApi(apiAddress(options), {
    method: 'POST',
    path: `/faults/${encodeURIComponent(namespace)}/${encodeURIComponent(fault)}/stop`,
    body: { type: 'application/json', text: JSON.stringify({ message: options.message }) },
  });
  const { revision } = objectOf(answer, 'revision');
  if (typeof revision !== 'number') {
    output.note(`fault ${name} had ended`);
    return EXIT_NEGATIVE;
  }
  output.print(`fault ${name} stopped in revision ${revision}`);
  return EXIT_OK;
}
