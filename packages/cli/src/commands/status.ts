// malha status: how the control plane and its proxies do.

import { numberField, objectOf } from '../answer.ts';
import { callApi } from '../api-client.ts';
import { type Command, EXIT_NEGATIVE, EXIT_OK, type Output } from '../command.ts';
import { apiAddress, apiOptions, helpOption } from '../config.ts';
import { flag } from '../option-types.ts';
import { describeOptions, parseOptions } from '../options.ts';

const table = { json: flag('the whole answer as JSON'), ...apiOptions, ...helpOption };

export const command: Command = {
  summary: 'tells whether every proxy serves the newest revision (exit code 1 = not)',
  usage: () => `Usage: malha status [options]\n\n${describeOptions(table)}\n`,
  run,
};

async function run(argv: readonly string[], output: Output): Promise<number> {
  const { options } = parseOptions(table, argv);
  const answer = objectOf(await callApi(apiAddress(options), { method: 'GET', path: '/status' }), 'status');
  if (options.json) output.print(JSON.stringify(answer, null, 2));
  const { proxies } = answer;
  const [total, active, stale, nacked] = ['total', 'active', 'stale', 'nacked'].map((field) =>
    numberField(proxies, field),
  );
  if (!options.json) {
    output.print(
      [
        ...line('mesh', answer.meshName),
        ...line('trust domain', answer.trustDomain),
        ...line('revision', answer.revision),
        ...line('database', answer.database),
        `proxies       ${active} of ${total} active${stale ? `, ${stale} stale` : ''}${nacked ? `, ${nacked} refuse a part` : ''}`,
      ].join('\n'),
    );
  }
  return active === total && nacked === 0 ? EXIT_OK : EXIT_NEGATIVE;
}

function line(name: string, value: unknown): readonly string[] {
  return typeof value === 'string' || typeof value === 'number' ? [`${name.padEnd(14)}${value}`] : [];
}
