// Rules for clients of some countries, which only a gateway knows. All clients of the matrix are in one country.
import { ask, resource, route, to } from '../src/authoring.ts';
import type { MatrixCase, Section } from '../src/case.ts';
import { edgeRoute, gateway, OUTSIDE, visit } from '../src/edge.ts';

const RULES = `[{name: some, matches: [{path: {value: /}}], ${to('v2')}}, {${to('v1')}}]`;

const policy = (name: string, match: string) =>
  resource(
    'RoutePolicy',
    name,
    `{targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: some}, match: {${match}}}`,
  );

const atEdge = (name: string, policies: string, winner: string, more: Partial<MatrixCase> = {}): MatrixCase => ({
  name: `country: ${name}`,
  resources: gateway('hostname: a.example') + edgeRoute('r', RULES) + policies,
  caller: OUTSIDE,
  exchanges: [visit('a.example/', winner)],
  ...more,
});

const ENVOY = { envoy: 'Envoy is given no country database: such a rule is left out there' } as const;

export const countries: Section = {
  name: 'countries',
  cases: [
    atEdge('one of those that are named', policy('p', 'countries: [BR, PT]'), 'reviews-v2', { leftOut: ENVOY }),
    atEdge('another one goes to the next rule', policy('p', 'countries: [BR, AO]'), 'reviews-v1'),
    atEdge(
      'of two policies both must hold',
      policy('p', 'countries: [PT]') + policy('q', 'countries: [BR]'),
      'reviews-v1',
    ),
    atEdge('and a share of the requests: all', policy('p', 'countries: [PT], percent: 100'), 'reviews-v2', {
      leftOut: ENVOY,
    }),
    atEdge('and a share of the requests: none', policy('p', 'countries: [PT], percent: 0'), 'reviews-v1'),
    atEdge('what a client claims of its address counts for nothing', policy('p', 'countries: [BR]'), 'reviews-v1', {
      exchanges: [
        {
          ...visit('a.example/', 'reviews-v1'),
          request: { host: 'a.example', headers: [['X-Forwarded-For', '200.160.2.3']] },
        },
      ],
    }),
    {
      name: 'country: a caller within the mesh is in none',
      resources: route('r', RULES) + policy('p', 'countries: [PT]'),
      exchanges: [ask('/', 'reviews-v1')],
    },
  ],
};
