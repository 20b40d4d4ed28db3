// Weights: parts of the requests by backend, with zero and with backends that do not exist.
import { ask, ref, route } from '../src/authoring.ts';
import type { MatrixCase, Section } from '../src/case.ts';

const TIMES = 240;

const split = (name: string, backends: readonly string[], share: Readonly<Record<string, number>>): MatrixCase => ({
  name: `weights: ${name}`,
  resources: route('split', `[{backendRefs: [${backends.join(', ')}]}]`),
  exchanges: [{ ...ask('/', 'any'), expect: { share }, times: TIMES }],
});

const NOWHERE = '{name: nobody, port: 80, weight: 1}';

export const weights: Section = {
  name: 'weights',
  cases: [
    split('one backend takes all', [ref('v1')], { 'reviews-v1': 1 }),
    split('one backend takes all whatever its weight', [ref('v1', 'weight: 7')], { 'reviews-v1': 1 }),
    split('none given is one each', [ref('v1'), ref('v2')], { 'reviews-v1': 1, 'reviews-v2': 1 }),
    split('equal ones', [ref('v1', 'weight: 50'), ref('v2', 'weight: 50')], { 'reviews-v1': 1, 'reviews-v2': 1 }),
    split('nine to one', [ref('v1', 'weight: 90'), ref('v2', 'weight: 10')], { 'reviews-v1': 9, 'reviews-v2': 1 }),
    split('three backends', [ref('v1', 'weight: 1'), ref('v2', 'weight: 2'), ref('v3', 'weight: 3')], {
      'reviews-v1': 1,
      'reviews-v2': 2,
      'reviews-v3': 3,
    }),
    split('they need not sum up to a hundred', [ref('v1', 'weight: 1'), ref('v2', 'weight: 3')], {
      'reviews-v1': 1,
      'reviews-v2': 3,
    }),
    split('large ones', [ref('v1', 'weight: 1000000'), ref('v2', 'weight: 1000000')], {
      'reviews-v1': 1,
      'reviews-v2': 1,
    }),
    split('zero takes nothing', [ref('v1', 'weight: 0'), ref('v2', 'weight: 100')], { 'reviews-v2': 1 }),
    split('zero takes nothing, also as the last one', [ref('v1', 'weight: 1'), ref('v2', 'weight: 0')], {
      'reviews-v1': 1,
    }),
    split('zero takes nothing, also in the middle', [ref('v1'), ref('v2', 'weight: 0'), ref('v3')], {
      'reviews-v1': 1,
      'reviews-v3': 1,
    }),
    split('all zero is an error of the server', [ref('v1', 'weight: 0'), ref('v2', 'weight: 0')], { 'status 500': 1 }),
    split('the part of a backend that does not exist is an error', [ref('v1', 'weight: 3'), NOWHERE], {
      'reviews-v1': 3,
      'status 500': 1,
    }),
    split(
      'a backend that does not exist with weight zero harms nobody',
      [ref('v1'), '{name: nobody, port: 80, weight: 0}'],
      {
        'reviews-v1': 1,
      },
    ),
    split(
      'the same backend twice takes the sum',
      [ref('v1', 'weight: 1'), ref('v2', 'weight: 2'), ref('v1', 'weight: 1')],
      {
        'reviews-v1': 1,
        'reviews-v2': 1,
      },
    ),
    split('another service of the namespace is a backend as any other', [ref('v1'), '{name: ratings, port: 80}'], {
      'reviews-v1': 1,
      ratings: 1,
    }),
    split('the whole service spreads over its versions', ['{name: reviews, port: 80}'], {
      'reviews-v1': 1,
      'reviews-v2': 1,
      'reviews-v3': 1,
    }),
  ],
};
