// malha explain: which rule serves a request and why, by the proxy's own engine, on stored resources or on files.
import { GATEWAY_NAME_LABEL, keyOf, namespaceOf, type Resource, type WorkloadResource } from '@malha/model';
import { buildIndex, compile } from '@malha/policies';
import type { ExplainedBackend, Explanation, MeshConfig } from '@malha/traffic';
import { clusterWords } from '@malha/traffic/cluster-words';
import type { EdgeClient } from '@malha/traffic/edge-request';
import { parseAddress } from '@malha/traffic/ip-block';
import { storedItems } from '../answer.ts';
import { callApi } from '../api-client.ts';
import { type Command, EXIT_NEGATIVE, EXIT_OK, type Output } from '../command.ts';
import { apiAddress, apiOptions, helpOption } from '../config.ts';
import { describeFinding } from '../finding-text.ts';
import { flag, matching, qualifiedName, repeated, text, withDefault } from '../option-types.ts';
import { describeOptions, parseOptions, UsageError } from '../options.ts';
import { readInput } from '../resource-input.ts';
import { withShortFile } from './apply.ts';
import { type ExplainedCall, explainGateway, explainOutbound, SCHEMES, type Scheme } from './explained-listener.ts';

/** Of the documentation block (RFC 5737): a client of whom nothing is known. */
const SOMEBODY = '192.0.2.1';

const CALLER = /^[a-z0-9][-a-z0-9]*(\/[a-z0-9][-a-z0-9]*)?$/;

const table = {
  from: matching('NAMESPACE[/WORKLOAD]', 'who calls', CALLER, 'NAMESPACE or NAMESPACE/WORKLOAD'),
  gateway: qualifiedName('NAMESPACE/NAME', 'instead: a client outside calls this Gateway, at the port of the URL'),
  method: withDefault(matching('METHOD', 'method of the request', /^[A-Z]+$/, 'a method in capitals'), 'GET'),
  country: matching('CODE', 'with --gateway: the country of the client', /^[A-Z]{2}$/, 'a code of two capital letters'),
  address: matching(
    'ADDRESS',
    'with --gateway: the IP address that the client connects from',
    /^[0-9A-Fa-f:.]{2,45}$/,
    'an IP address',
  ),
  header: repeated(matching('NAME:VALUE', 'a header', /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:.*$/, 'NAME:VALUE')),
  file: repeated(text('FILE', 'these files only, without a control plane')),
  json: flag('as JSON'),
  ...apiOptions,
  ...helpOption,
};

export const command: Command = {
  summary: 'tells which rule serves a request or a connection, and why the others do not',
  usage: () =>
    `Usage: malha explain --from NAMESPACE[/WORKLOAD] http://SERVICE/PATH [options]\n       malha explain --gateway NAMESPACE/NAME http[s]://HOST[:PORT]/PATH [options]\n       malha explain --from NAMESPACE/WORKLOAD tcp://:LISTEN | tls://NAME:LISTEN [options]\n       malha explain --gateway NAMESPACE/NAME tcp://:PORT | tls://NAME[:PORT] [options]\n\n${describeOptions(table)}\n`,
  run,
};

async function run(argv: readonly string[], output: Output): Promise<number> {
  const words = withShortFile(argv).map((word) => (word === '-H' ? '--header' : word));
  const { options, positionals } = parseOptions(table, words, { min: 1, max: 1, what: 'the URL' });
  const { from, gateway } = options;
  if ((from === undefined) === (gateway === undefined)) throw new UsageError(['give one of --from and --gateway']);
  const place = target(positionals[0] ?? '');
  const resources = await load(options, output);
  if (resources === undefined) return EXIT_NEGATIVE;
  const { method } = options;
  const request: ExplainedCall = { method, ...place, header: headerLookup(options.header) };
  const client = clientOf(options);
  const caller = gateway === undefined ? callerOf(resources, from ?? '') : edgeProxyOf(gateway);
  const config = configOf(resources, caller);
  const explained = gateway === undefined ? explainOutbound(config, request) : explainGateway(config, request, client);
  const explanation = withClusterWords(explained, config);
  output.print(options.json ? JSON.stringify(explanation, null, 2) : describe(explanation));
  return explanation.winner === undefined ? EXIT_NEGATIVE : EXIT_OK;
}

interface ClientOptions {
  readonly address: string | undefined;
  readonly country: string | undefined;
  readonly gateway: unknown;
}

function clientOf({ address, country, gateway }: ClientOptions): EdgeClient {
  if (gateway === undefined && country !== undefined) throw new UsageError(['--country is for calls of a --gateway']);
  if (gateway === undefined && address !== undefined) throw new UsageError(['--address is for calls of a --gateway']);
  if (address !== undefined && parseAddress(address) === undefined)
    throw new UsageError([`--address: "${address}" is no IP address`]);
  return { address: address ?? SOMEBODY, country };
}

type Options = Parameters<typeof apiAddress>[0] & { readonly file: readonly string[] };

async function load(options: Options, output: Output): Promise<readonly Resource[] | undefined> {
  if (options.file.length === 0) {
    const answer = await callApi(apiAddress(options), { method: 'GET', path: '/resources' });
    return storedItems(answer).map((item) => item.resource);
  }
  const { resources, errors } = readInput(options.file);
  for (const finding of errors) output.note(describeFinding(finding));
  return errors.length > 0 ? undefined : resources;
}

interface Target {
  readonly scheme: Scheme;
  readonly authority: string;
  readonly path: string;
}

function target(value: string): Target {
  const match = /^(?:([a-z]+):\/\/)?([^/?#]+)([^#]*)/.exec(value);
  const [, written = 'http', authority = '', rest = ''] = match ?? [];
  const scheme = SCHEMES.find((each) => each === written);
  if (scheme === undefined) throw new UsageError([`"${value}": ${written} is none of ${SCHEMES.join(', ')}`]);
  if (authority === '') throw new UsageError([`"${value}" is not http://SERVICE/PATH`]);
  return { scheme, authority: authority.toLowerCase(), path: rest.startsWith('/') ? rest : `/${rest}` };
}

function headerLookup(given: readonly string[]): (name: string) => string | undefined {
  const values = new Map<string, string>();
  for (const line of given) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    const value = line.slice(line.indexOf(':') + 1).trim();
    const former = values.get(name);
    values.set(name, former === undefined ? value : `${former}, ${value}`);
  }
  return (name) => values.get(name);
}

interface BackendExplanation extends Explanation {
  readonly backends: readonly (ExplainedBackend & { readonly words: readonly string[] })[];
}

function withClusterWords(explanation: Explanation, config: MeshConfig): BackendExplanation {
  const backends = explanation.backends.map((backend) => {
    const cluster = config.clusters.find(({ name }) => name === backend.cluster);
    return { ...backend, words: [...(backend.filters ?? []), ...(cluster === undefined ? [] : clusterWords(cluster))] };
  });
  return { ...explanation, backends };
}

function configOf(resources: readonly Resource[], caller: WorkloadResource): MeshConfig {
  const others = resources.filter((each) => keyOf(each) !== keyOf(caller));
  const workloads = [...others, caller].filter((each) => each.kind === 'Workload');
  const index = buildIndex({ resources: [...others, caller], workloads, trustDomain: 'mesh.local' });
  return compile(index, { namespace: namespaceOf(caller), workload: caller.metadata.name }).config;
}

/** Any proxy of the Gateway stands for all of them. */
function edgeProxyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): WorkloadResource {
  return {
    apiVersion: 'malha.dev/v1',
    kind: 'Workload',
    metadata: { name: 'explained-gateway', namespace, labels: { [GATEWAY_NAME_LABEL]: name } },
    spec: { address: '127.0.0.1', serviceAccount: name },
  };
}

/** Registered workloads are not stored as resources; without one, any workload of the namespace stands for the caller. */
function callerOf(resources: readonly Resource[], from: string): WorkloadResource {
  const [namespace = '', workload] = from.split('/');
  const known = resources
    .filter((each) => each.kind === 'Workload')
    .find((each) => each.metadata.name === workload && (each.metadata.namespace ?? 'default') === namespace);
  return (
    known ?? {
      apiVersion: 'malha.dev/v1',
      kind: 'Workload',
      metadata: { name: workload ?? 'explained-caller', namespace },
      spec: { address: '127.0.0.1' },
    }
  );
}

function describe(explanation: BackendExplanation): string {
  const rules = explanation.rules.map(
    (rule) => `  ${rule.verdict === 'winner' ? '>' : ' '} ${rule.route}: ${rule.words}`,
  );
  const backends = explanation.backends.flatMap((each) => [
    `    ${(each.share * 100).toFixed(1).padStart(5)} %  ${each.cluster}`,
    ...each.words.map((words) => `             ${words}`),
  ]);
  return [explanation.hostWords, ...rules, explanation.actionWords, ...backends].join('\n');
}
