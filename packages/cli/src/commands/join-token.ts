// malha join-token create: a secret that lets one workload into the mesh.
import { numberField, objectOf, stringField } from '../answer.ts';
import { callApi } from '../api-client.ts';
import { type Command, EXIT_OK, type Output } from '../command.ts';
import { apiAddress, apiOptions, helpOption } from '../config.ts';
import { duration, flag, qualifiedName, required, text, wholeNumber, withDefault } from '../option-types.ts';
import { describeOptions, parseOptions, UsageError } from '../options.ts';

const TTL_MS = 600_000;

const table = {
  service: required(qualifiedName('NAMESPACE/NAME', 'the Service whose identity the token gives')),
  'service-account': text('NAME', "another service account than the service's name"),
  ttl: withDefault(duration('how long the token is valid'), TTL_MS),
  uses: withDefault(wholeNumber({ placeholder: 'N', help: 'how many workloads it lets in' }, { min: 1, max: 1000 }), 1),
  quiet: flag('print the token alone'),
  ...apiOptions,
  ...helpOption,
};

export const command: Command = {
  summary: 'makes the token that a workload joins with',
  usage: () => `Usage: malha join-token create --service NAMESPACE/NAME [options]\n\n${describeOptions(table)}\n`,
  run,
};

async function run([verb, ...argv]: readonly string[], output: Output): Promise<number> {
  if (verb !== 'create')
    throw new UsageError([verb === undefined ? 'a verb is missing: create' : `unknown verb "${verb}": create`]);
  const { options } = parseOptions(table, argv);
  const address = apiAddress(options);
  const { namespace, name } = options.service;
  const request = {
    namespace,
    service: name,
    ttlSeconds: Math.max(1, Math.round(options.ttl / 1000)),
    uses: options.uses,
    ...(options['service-account'] === undefined ? {} : { serviceAccount: options['service-account'] }),
  };
  const answer = await callApi(address, {
    method: 'POST',
    path: '/join-tokens',
    body: { type: 'application/json', text: JSON.stringify(request) },
  });
  const token = stringField(answer, 'token');
  if (options.quiet) {
    output.print(token);
    return EXIT_OK;
  }
  output.print(token);
  output.note(`\nTo join:\n\n  ${stringField(answer, 'command')}\n\n${expiry(answer)}`);
  return EXIT_OK;
}

function expiry(answer: unknown): string {
  if (objectOf(answer, 'token').expiresAtMs === undefined) return '';
  return `The token expires at ${new Date(numberField(answer, 'expiresAtMs')).toISOString()}.\n`;
}
