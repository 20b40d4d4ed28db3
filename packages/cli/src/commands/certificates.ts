// malha certificates: what gateways show to clients outside, stored sealed in the control plane.
import fs from 'node:fs/promises';
import { listField, numberField, stringField } from '../answer.ts';
import { callApi } from '../api-client.ts';
import { type Command, EXIT_OK, type Output } from '../command.ts';
import { type ApiAddress, apiAddress, apiOptions, helpOption } from '../config.ts';
import { flag, text } from '../option-types.ts';
import { describeOptions, parseOptions, UsageError } from '../options.ts';
import { renderTable } from '../table.ts';

const DAY_MS = 86_400_000;

const table = {
  cert: text('FILE', 'put: PEM chain, the certificate first and its issuers after it'),
  key: text('FILE', 'put: PEM private key, not encrypted; RSA of 2048 bits or more, or EC'),
  force: flag('delete: also when listeners show it'),
  ...apiOptions,
  ...helpOption,
};

export const command: Command = {
  summary: 'stores the certificates that gateways show',
  usage: () =>
    [
      'Usage: malha certificates list [options]',
      '       malha certificates put NAMESPACE/NAME --cert FILE --key FILE [options]',
      '       malha certificates delete NAMESPACE/NAME [--force] [options]',
      '',
      'Listeners name them in tls.certificateRefs. A stored one is replaced without losing connections.',
      '',
      describeOptions(table),
      '',
    ].join('\n'),
  run,
};

async function run(argv: readonly string[], output: Output): Promise<number> {
  const { options, positionals } = parseOptions(table, argv, { min: 1, max: 2, what: 'list, put or delete' });
  const [verb, name] = positionals;
  const address = apiAddress(options);
  switch (verb) {
    case 'list':
      if (name !== undefined) throw new UsageError([`unexpected argument "${name}"`]);
      return list(address, output);
    case 'put':
      return put(address, { path: pathOf(name), cert: options.cert, key: options.key }, output);
    case 'delete':
      await callApi(address, {
        method: 'DELETE',
        path: pathOf(name),
        query: { force: options.force ? 'true' : undefined },
      });
      output.print(`certificate ${name} deleted`);
      return EXIT_OK;
    default:
      throw new UsageError([`there is no "malha certificates ${verb}"; there are list, put and delete`]);
  }
}

async function list(address: ApiAddress, output: Output): Promise<number> {
  const items = listField(await callApi(address, { method: 'GET', path: '/certificates' }), 'items');
  const nowMs = Date.now();
  const rows = items.map((item) => [
    `${stringField(item, 'namespace')}/${stringField(item, 'name')}`,
    textsOf(item, 'dnsNames').concat(textsOf(item, 'ipAddresses')).join(', '),
    leftInWords(numberField(item, 'notAfterMs') - nowMs),
    textsOf(item, 'usedBy').join(', ') || '-',
  ]);
  output.print(renderTable(['NAME', 'FOR', 'LEFT', 'SHOWN BY'], rows));
  return EXIT_OK;
}

interface Pair {
  readonly path: string;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

async function put(address: ApiAddress, { path, cert, key }: Pair, output: Output): Promise<number> {
  const problems = [cert === undefined && '--cert is missing', key === undefined && '--key is missing'];
  if (cert === undefined || key === undefined) throw new UsageError(problems.filter((words) => words !== false));
  const pair = { chain: await read(cert, '--cert'), key: await read(key, '--key') };
  const answer = await callApi(address, {
    method: 'PUT',
    path,
    body: { type: 'application/json', text: JSON.stringify(pair) },
  });
  const until = new Date(numberField(answer, 'notAfterMs')).toISOString();
  output.print(
    `certificate stored: ${stringField(answer, 'subject') || textsOf(answer, 'dnsNames').join(', ')}, until ${until}`,
  );
  return EXIT_OK;
}

async function read(file: string, option: string): Promise<string> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError([`${option} cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

function pathOf(name: string | undefined): string {
  const [namespace, own, ...more] = (name ?? '').split('/');
  if (!namespace || !own || more.length > 0) throw new UsageError([`"${name ?? ''}" is not NAMESPACE/NAME`]);
  return `/certificates/${encodeURIComponent(namespace)}/${encodeURIComponent(own)}`;
}

function textsOf(item: unknown, field: string): readonly string[] {
  return listField(item, field).filter((each) => typeof each === 'string');
}

function leftInWords(leftMs: number): string {
  if (leftMs <= 0) return 'ended';
  const days = Math.floor(leftMs / DAY_MS);
  return days === 0 ? 'under a day' : `${days} d`;
}
