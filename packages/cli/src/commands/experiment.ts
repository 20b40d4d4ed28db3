// malha experiment: faults with a hypothesis, and what came of them.
import { listField, objectOf, stringField } from '../answer.ts';
import { callApi } from '../api-client.ts';
import { type Command, EXIT_NEGATIVE, EXIT_OK, type Output } from '../command.ts';
import { apiAddress, apiOptions, helpOption } from '../config.ts';
import { describeExperiment, experimentRow } from '../experiment-text.ts';
import { flag } from '../option-types.ts';
import { describeOptions, parseOptions } from '../options.ts';
import { renderTable } from '../table.ts';

const table = { json: flag('the whole answer as JSON'), ...apiOptions, ...helpOption };

export const command: Command = {
  summary: 'shows experiments and their verdicts (exit code 1 = the hypothesis did not hold)',
  usage: () =>
    `Usage: malha experiment [ID] [options]\n\nA FaultInjection with spec.experiment begins one when it is applied.\n\n${describeOptions(table)}\n`,
  run,
};

async function run(argv: readonly string[], output: Output): Promise<number> {
  const { options, positionals } = parseOptions(table, argv, { min: 0, max: 1, what: 'ID' });
  const [id] = positionals;
  const address = apiAddress(options);
  if (id === undefined) {
    const answer = await callApi(address, { method: 'GET', path: '/experiments' });
    const items = listField(answer, 'items').map((item) => objectOf(item, 'experiment'));
    output.print(
      options.json
        ? JSON.stringify(items, null, 2)
        : renderTable(['ID', 'FAULT', 'STARTED', 'BY', 'STANDING', 'VERDICT'], items.map(experimentRow)),
    );
    return EXIT_OK;
  }
  const answer = await callApi(address, { method: 'GET', path: `/experiments/${encodeURIComponent(id)}` });
  const experiment = objectOf(answer, 'experiment');
  output.print(options.json ? JSON.stringify(experiment, null, 2) : describeExperiment(experiment));
  return experiment.verdict !== null && stringField(experiment, 'verdict') !== 'held' ? EXIT_NEGATIVE : EXIT_OK;
}
