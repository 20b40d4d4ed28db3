// Session persistence: who came once comes back to the same endpoint, over the split of a route too.
import { ask, ref, route } from '../src/authoring.ts';
import type { Exchange, MatrixCase, Section } from '../src/case.ts';

const ALL = ['reviews-v1', 'reviews-v2', 'reviews-v3'];
const WITHIN_ONE = 'Envoy keeps a session within the backend that the weights chose';
const SERVICE = '{name: reviews, port: 80}';
const SPLIT = `${ref('v1')}, ${ref('v2')}, ${ref('v3')}`;

const persisted = (name: string, session: string, exchanges: readonly Exchange[], backends = SERVICE): MatrixCase => ({
  name: `session: ${name}`,
  resources: route('sessions', `[{backendRefs: [${backends}], sessionPersistence: ${session}}]`),
  exchanges,
  leftOut: backends === SERVICE ? {} : { envoy: WITHIN_ONE },
});

const BEGINS: Exchange = { ...ask('/', 'any'), expect: { status: 200, oneBackend: true } };
const SPREAD: Exchange = { ...ask('/', 'any'), times: 90, expect: { backends: ALL } };
const returns = (sendsBack: NonNullable<Exchange['sendsBack']>, headers = {}): Exchange => ({
  ...ask('/', 'any'),
  times: 30,
  sendsBack,
  expect: { oneBackend: true, headers },
});
const HEADER = { header: 'x-session' };

export const sessions: Section = {
  name: 'session persistence',
  cases: [
    persisted('by a cookie', '{sessionName: basket}', [BEGINS, returns('cookie', { 'set-cookie': null })]),
    persisted('by a cookie with a name of our own', '{}', [BEGINS, returns('cookie', { 'set-cookie': null })]),
    persisted('by a header', '{type: Header, sessionName: X-Session}', [
      BEGINS,
      returns(HEADER, { 'x-session': null }),
    ]),
    persisted('over the split of a route', '{sessionName: basket}', [BEGINS, returns('cookie')], SPLIT),
    persisted(
      'by a header over the split of a route',
      '{type: Header, sessionName: x-session}',
      [BEGINS, returns(HEADER)],
      SPLIT,
    ),
    persisted('who sends nothing back is balanced as ever', '{sessionName: basket}', [BEGINS, SPREAD]),
    persisted('a token that nobody gave begins another session', '{sessionName: basket}', [
      { ...SPREAD, request: { ...SPREAD.request, headers: [['cookie', 'basket=0123456789abcdef']] } },
    ]),
    persisted('another cookie is no session', '{sessionName: basket}', [
      { ...SPREAD, request: { ...SPREAD.request, headers: [['cookie', 'theme=dark']] } },
    ]),
    persisted('an endpoint that fails gives its session up', '{type: Header, sessionName: x-session}', [
      BEGINS,
      {
        ...ask('/', 'any'),
        sendsBack: HEADER,
        answers: [503, 200],
        expect: { status: 200, attempts: 2, oneBackend: true },
      },
    ]),
    {
      ...persisted('none where the rule has none', '{}', []),
      resources: route('sessions', `[{backendRefs: [${SERVICE}]}]`),
      exchanges: [{ ...BEGINS, expect: { ...BEGINS.expect, headers: { 'set-cookie': null } } }, SPREAD],
      leftOut: {},
    },
  ],
};
