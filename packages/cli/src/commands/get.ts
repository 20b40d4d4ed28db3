// malha get: the stored resources.
import { kinds, type Resource, toYamlDocuments } from '@malha/model';
import { type StoredItem, storedItems } from '../answer.ts';
import { callApi } from '../api-client.ts';
import { type Command, EXIT_NEGATIVE, EXIT_OK, type Output } from '../command.ts';
import { apiAddress, apiOptions, helpOption } from '../config.ts';
import { matching, text, withDefault } from '../option-types.ts';
import { describeOptions, parseOptions, UsageError } from '../options.ts';
import { renderTable } from '../table.ts';

const table = {
  namespace: text('NAMESPACE', 'only of this namespace'),
  output: withDefault(
    matching('FORMAT', 'table, yaml, json or name', /^(table|yaml|json|name)$/, 'table, yaml, json or name'),
    'table',
  ),
  ...apiOptions,
  ...helpOption,
};

export const command: Command = {
  summary: 'shows stored resources',
  usage: () => `Usage: malha get [KIND [NAME]] [options]\n\nKinds: ${kinds.join(', ')}\n\n${describeOptions(table)}\n`,
  run,
};

const SHORT: Readonly<Record<string, string>> = { '-n': '--namespace', '-o': '--output' };

async function run(argv: readonly string[], output: Output): Promise<number> {
  const words = argv.map((word) => SHORT[word] ?? word);
  const { options, positionals } = parseOptions(table, words, { min: 0, max: 2, what: 'KIND' });
  const [kindWord, name] = positionals;
  const kind = kindWord === undefined ? undefined : kindNamed(kindWord);
  const query = { kind, namespace: options.namespace };
  const all = storedItems(await callApi(apiAddress(options), { method: 'GET', path: '/resources', query }));
  const items = all.filter((item) => isWanted(item.resource, kind, options.namespace, name));
  if (items.length === 0 && name !== undefined) {
    output.note(`there is no ${kind} ${name}`);
    return EXIT_NEGATIVE;
  }
  output.print(render(items, options.output));
  return EXIT_OK;
}

/** Also in lower case and in the plural, as people type it. */
function kindNamed(word: string): string {
  const wanted = word.toLowerCase();
  const kind = kinds.find((each) => [each.toLowerCase(), plural(each.toLowerCase())].includes(wanted));
  if (kind === undefined) throw new UsageError([`there is no kind "${word}"; there are ${kinds.join(', ')}`]);
  return kind;
}

function plural(kind: string): string {
  return kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`;
}

function isWanted(
  resource: Resource,
  kind: string | undefined,
  namespace: string | undefined,
  name: string | undefined,
): boolean {
  if (kind !== undefined && resource.kind !== kind) return false;
  if (name !== undefined && resource.metadata.name !== name) return false;
  return namespace === undefined || (resource.kind !== 'Namespace' && resource.metadata.namespace === namespace);
}

function render(items: readonly StoredItem[], format: string): string {
  const resources = items.map((item) => item.resource);
  if (format === 'yaml') return toYamlDocuments(resources);
  if (format === 'json') return JSON.stringify(resources, null, 2);
  if (format === 'name') return items.map((item) => item.key).join('\n');
  const rows = items.map((item) => {
    const [kind = '', namespace = '', name = ''] = item.key.split('/');
    return [namespace, kind, name, String(item.revision), item.updatedBy];
  });
  return renderTable(['NAMESPACE', 'KIND', 'NAME', 'REVISION', 'BY'], rows);
}
