// From a match of the Gateway API to the runtime's, with the Gateway API's defaults.
import { defaults, type HttpRouteMatch } from '@malha/model';
import type { PathMatch, RouteMatch, ValueMatch } from '@malha/traffic';

const PATH_TYPES = { Exact: 'exact', PathPrefix: 'prefix', RegularExpression: 'regex' } as const;
const VALUE_TYPES = { Exact: 'exact', RegularExpression: 'regex' } as const;

export function compileMatch(match: HttpRouteMatch): RouteMatch {
  const compiled = {
    path: compilePath(match.path),
    headers: firstOfName(match.headers ?? [], (name) => name.toLowerCase()),
    queryParams: firstOfName(match.queryParams ?? [], (name) => name),
  };
  return match.method === undefined ? compiled : { ...compiled, method: match.method };
}

function compilePath(path: HttpRouteMatch['path']): PathMatch {
  const { pathType, pathValue } = defaults.httpRoute;
  return { type: PATH_TYPES[path?.type ?? pathType], value: path?.value ?? pathValue };
}

interface ValueSpec {
  readonly name: string;
  readonly value: string;
  readonly type?: keyof typeof VALUE_TYPES | undefined;
}

/** Of several entries with equivalent names only the first counts. */
function firstOfName(specs: readonly ValueSpec[], normalize: (name: string) => string): ValueMatch[] {
  const byName = new Map<string, ValueMatch>();
  for (const spec of specs) {
    const name = normalize(spec.name);
    const type = VALUE_TYPES[spec.type ?? defaults.httpRoute.valueType];
    if (!byName.has(name)) byName.set(name, { name, type, value: spec.value });
  }
  return [...byName.values()];
}
