// Short forms for the texts and exchanges that most cases are made of.
import type { CaseRequest, Exchange, Expectation } from './case.ts';

export interface RoutePlace {
  readonly parent?: string;
  readonly namespace?: string;
  /** Namespace of the parent when it is another one. */
  readonly parentNamespace?: string;
}

/** An HTTPRoute of a service, `reviews` in `shop` unless said otherwise; `rules` in flow style. */
export function route(name: string, rules: string, place: RoutePlace = {}): string {
  const { parent = 'reviews', namespace = 'shop', parentNamespace } = place;
  const of = parentNamespace === undefined ? '' : `, namespace: ${parentNamespace}`;
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  parentRefs: [{group: "", kind: Service, name: ${parent}${of}}]
  rules: ${rules}
`;
}

/** A resource of `malha.dev/v1`; `spec` in flow style. */
export function resource(kind: string, name: string, spec: string, namespace = 'shop'): string {
  const place = kind === 'Namespace' ? '' : `, namespace: ${namespace}`;
  return `---
apiVersion: malha.dev/v1
kind: ${kind}
metadata: {name: ${name}${place}}
spec: ${spec}
`;
}

/** The field `backendRefs` with one version of `reviews`. */
export function to(version: string): string {
  return `backendRefs: [${ref(version)}]`;
}

/** An item of `backendRefs`; `more` are further fields in flow style. */
export function ref(version: string, more = ''): string {
  const tail = more === '' ? '' : `, ${more}`;
  return `{group: malha.dev, kind: ServiceVersion, name: reviews-${version}, port: 80${tail}}`;
}

type Ask = Partial<CaseRequest> & Pick<Exchange, 'answers' | 'times'> & { readonly expect?: Expectation };

/** A request to `reviews` that the backend answers; a number stands for the status when none does. */
export function ask(path: string, answer: string | number, more: Ask = {}): Exchange {
  const { expect, answers, times, ...request } = more;
  const wanted: Expectation =
    typeof answer === 'string' ? { status: 200, backend: answer } : { status: answer, backend: null };
  return {
    request: { host: 'reviews', path, ...request },
    expect: { ...wanted, ...expect },
    ...(answers !== undefined && { answers }),
    ...(times !== undefined && { times }),
  };
}
