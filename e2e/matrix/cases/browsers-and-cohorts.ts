// Cross-origin requests of browsers, shares of requests, classes of devices, sticky splits.
import { ask, ref, resource, route, to } from '../src/authoring.ts';
import type { Exchange, MatrixCase, Section } from '../src/case.ts';

const cors = (fields: string) => route('cors', `[{filters: [{type: CORS, cors: {${fields}}}], ${to('v1')}}]`);
const SHOP = cors(
  'allowOrigins: ["https://shop.example"], allowMethods: [GET, PUT], allowHeaders: [x-token], exposeHeaders: [x-base], maxAge: 60',
);
const ALL_ORIGINS = cors('allowOrigins: ["*"]');
const CREDENTIALS = cors('allowOrigins: ["https://shop.example"], allowCredentials: true');

const ORIGIN = ['Origin', 'https://shop.example'] as const;
const OTHER = ['Origin', 'https://evil.example'] as const;

const preflight = (
  origin: readonly [string, string],
  headers: Record<string, string | null>,
  answered: number | string = 200,
): Exchange =>
  ask('/', answered, {
    method: 'OPTIONS',
    headers: [origin, ['Access-Control-Request-Method', 'PUT'], ['Access-Control-Request-Headers', 'x-token']],
    expect: { headers },
  });

const rules = (match: string) =>
  route('rules', `[{name: some, matches: [{method: GET}], ${to('v2')}}, {${to('v1')}}]`) +
  resource(
    'RoutePolicy',
    'some',
    `{targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: rules, sectionName: some}, ${match}}`,
  );

const STICKY =
  route('rules', `[{name: some, backendRefs: [${ref('v1')}, ${ref('v2')}]}]`) +
  resource(
    'RoutePolicy',
    'some',
    '{targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: rules, sectionName: some}, cohort: {header: x-user}}',
  );

const sticky = (cohort: string) =>
  route('rules', `[{name: some, backendRefs: [${ref('v1', 'weight: 1')}, ${ref('v2', 'weight: 3')}]}]`) +
  resource(
    'RoutePolicy',
    'some',
    `{targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: rules, sectionName: some}, cohort: ${cohort}}`,
  );

const PHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1';
const DESK = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** By class; the empty one is a request that names none. */
const AGENTS = {
  mobile: [PHONE, 'Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome/120.0 Mobile Safari/537.36 com.example.android/2.1'],
  tablet: [
    'Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148',
    'Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 Chrome/120.0 Safari/537.36',
  ],
  desktop: [DESK, ''],
  bot: ['curl/8.5.0', 'Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X) Mobile Safari (compatible; bingbot/2.0)'],
} as const;

const OTHER_HASH = { envoy: 'Envoy hashes keys otherwise: others are in' } as const;

const onCors = (name: string, resources: string, exchanges: readonly Exchange[]): MatrixCase => ({
  name: `CORS: ${name}`,
  resources,
  exchanges,
});

export const browsersAndCohorts: Section = {
  name: 'browsers and cohorts',
  cases: [
    onCors('a preflight of an allowed origin is answered by the proxy', SHOP, [
      preflight(ORIGIN, {
        'access-control-allow-origin': 'https://shop.example',
        'access-control-allow-methods': 'GET, PUT',
        'access-control-allow-headers': 'x-token',
        'access-control-max-age': '60',
      }),
    ]),
    onCors('a preflight of another origin is not allowed', SHOP, [
      {
        request: { host: 'reviews', method: 'OPTIONS', headers: [OTHER, ['Access-Control-Request-Method', 'PUT']] },
        expect: { headers: { 'access-control-allow-origin': null } },
      },
    ]),
    onCors('a request of an allowed origin may be read', SHOP, [
      ask('/', 'reviews-v1', {
        headers: [ORIGIN],
        expect: {
          headers: {
            'access-control-allow-origin': 'https://shop.example',
            'access-control-expose-headers': 'x-base',
            'access-control-allow-credentials': null,
          },
        },
      }),
    ]),
    onCors('a request of another origin is served and may not be read', SHOP, [
      ask('/', 'reviews-v1', { headers: [OTHER], expect: { headers: { 'access-control-allow-origin': null } } }),
    ]),
    onCors('a request without an origin gets nothing of it', SHOP, [
      ask('/', 'reviews-v1', { expect: { headers: { 'access-control-allow-origin': null } } }),
    ]),
    onCors('an OPTIONS that is no preflight goes to the backend', SHOP, [
      ask('/', 'reviews-v1', { method: 'OPTIONS' }),
    ]),
    onCors('credentials are allowed where it says so', CREDENTIALS, [
      ask('/', 'reviews-v1', {
        headers: [ORIGIN],
        expect: { headers: { 'access-control-allow-credentials': 'true' } },
      }),
    ]),
    onCors('any origin', ALL_ORIGINS, [
      ask('/', 'reviews-v1', {
        headers: [OTHER],
        expect: { headers: { 'access-control-allow-origin': 'https://evil.example' } },
      }),
    ]),
    {
      name: 'share: none of the requests',
      resources: rules('match: {percent: 0}'),
      exchanges: [{ ...ask('/', 'any'), times: 60, expect: { share: { 'reviews-v1': 1 } } }],
    },
    {
      name: 'share: all of the requests',
      resources: rules('match: {percent: 100}'),
      exchanges: [{ ...ask('/', 'any'), times: 60, expect: { share: { 'reviews-v2': 1 } } }],
    },
    {
      name: 'share: a quarter of the requests, the others go to the next rule',
      resources: rules('match: {percent: 25}'),
      exchanges: [{ ...ask('/', 'any'), times: 240, expect: { share: { 'reviews-v2': 1, 'reviews-v1': 3 } } }],
    },
    {
      name: 'devices: the class that is named',
      resources: rules('match: {devices: [mobile]}'),
      exchanges: [ask('/', 'reviews-v2', { headers: [['User-Agent', PHONE]] })],
    },
    ...(['mobile', 'tablet', 'desktop', 'bot'] as const).map(
      (device): MatrixCase => ({
        name: `devices: ${device}, told from the other classes`,
        resources: rules(`match: {devices: [${device}]}`),
        exchanges: Object.entries(AGENTS).flatMap(([of, agents]) =>
          agents.map((agent) =>
            ask('/', of === device ? 'reviews-v2' : 'reviews-v1', {
              headers: agent === '' ? [] : [['User-Agent', agent]],
            }),
          ),
        ),
      }),
    ),
    {
      name: 'devices: any of several classes',
      resources: rules('match: {devices: [mobile, tablet]}'),
      exchanges: [
        ...[...AGENTS.mobile, ...AGENTS.tablet].map((agent) =>
          ask('/', 'reviews-v2', { headers: [['User-Agent', agent]] }),
        ),
        ask('/', 'reviews-v1', { headers: [['User-Agent', DESK]] }),
      ],
    },
    {
      name: 'devices: another class goes to the next rule',
      resources: rules('match: {devices: [mobile]}'),
      exchanges: [ask('/', 'reviews-v1', { headers: [['User-Agent', DESK]] }), ask('/', 'reviews-v1')],
    },
    {
      name: 'cohort: one key goes to one backend',
      resources: STICKY,
      exchanges: [
        { ...ask('/', 'any', { headers: [['x-user', 'ada']] }), times: 20, expect: { share: { 'reviews-v1': 1 } } },
        { ...ask('/', 'any', { headers: [['x-user', 'alan']] }), times: 20, expect: { share: { 'reviews-v2': 1 } } },
      ],
      leftOut: OTHER_HASH,
    },
    ...(['header', 'cookie'] as const).flatMap((type): MatrixCase[] => {
      const keyed = (value: string) =>
        type === 'header' ? (['x-user', value] as const) : (['cookie', `a=1; user=${value}`] as const);
      const resources = sticky(type === 'header' ? '{header: x-user}' : '{cookie: user}');
      return [
        {
          name: `cohort: each key of a ${type} stays with its backend`,
          resources,
          exchanges: ['ada', 'alan', 'grace', 'edsger'].map((value) => ({
            ...ask('/', 'any', { headers: [keyed(value)] }),
            times: 16,
            expect: { oneBackend: true },
          })),
        },
        {
          name: `cohort: keys of a ${type} are split by the weights`,
          resources,
          exchanges: [
            {
              ...ask('/', 'any', { headers: [keyed('user-{n}')] }),
              times: 240,
              expect: { share: { 'reviews-v1': 1, 'reviews-v2': 3 } },
            },
          ],
        },
      ];
    }),
    ...[
      { percent: 20, winner: 'reviews-v1' },
      { percent: 80, winner: 'reviews-v2' },
    ].map(
      ({ percent, winner }): MatrixCase => ({
        name: `cohort: a share of the callers by their identity, ${percent} %: this one is always ${percent < 50 ? 'out' : 'in'}`,
        resources: rules(`match: {percent: ${percent}}, cohort: {source: identity}`),
        exchanges: [{ ...ask('/', winner), times: 12 }],
      }),
    ),
    ...(['header', 'cookie'] as const).map((type): MatrixCase => {
      const keyed = (value: string) =>
        type === 'header' ? (['x-user', value] as const) : (['cookie', `user=${value}`] as const);
      const asked = (value: string) => ask('/', 'any', { headers: [keyed(value)] });
      return {
        name: `cohort: a share of the requests by a ${type}: whoever is in stays in, and others stay out`,
        resources: rules(`match: {percent: 40}, cohort: {${type}: ${type === 'header' ? 'x-user' : 'user'}}`),
        exchanges: [
          ...['ada', 'alan', 'grace'].map((value) => ({
            ...asked(value),
            times: 12,
            expect: { oneBackend: true } as const,
          })),
          { ...asked('user-{n}'), times: 240, expect: { share: { 'reviews-v2': 2, 'reviews-v1': 3 } } },
        ],
        leftOut: { envoy: 'Envoy draws shares anew for each request: such a rule is left out there' },
      };
    }),
    {
      name: 'cohort: without the key by weight',
      resources: STICKY,
      exchanges: [{ ...ask('/', 'any'), times: 120, expect: { share: { 'reviews-v1': 1, 'reviews-v2': 1 } } }],
    },
  ],
};
