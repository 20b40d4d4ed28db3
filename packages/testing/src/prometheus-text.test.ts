import { expect, test } from 'vitest';
import { parsePrometheusText, sampleValue } from './prometheus-text.ts';

const HEAD = '# HELP a_total What it is.\n# TYPE a_total counter\n';
const HISTOGRAM = '# HELP h What it is.\n# TYPE h histogram\n';

test('reads families with their help, type, labels and values', () => {
  const families = parsePrometheusText(`${HEAD}a_total{b="x\\"\\\\\\n",c=""} 1e3\na_total 2\n`);
  expect(families.get('a_total')).toEqual({
    name: 'a_total',
    type: 'counter',
    help: 'What it is.',
    samples: [
      { name: 'a_total', labels: { b: 'x"\\\n', c: '' }, value: 1000 },
      { name: 'a_total', labels: {}, value: 2 },
    ],
  });
  expect(sampleValue(families, 'a_total', { b: 'x"\\\n' })).toBe(1000);
  expect(() => sampleValue(families, 'a_total')).toThrow('2 samples');
});

test.each([
  ['no end of line', `${HEAD}a_total 1`],
  ['no TYPE', 'a_total 1\n'],
  ['no HELP', '# TYPE a_total counter\na_total 1\n'],
  ['a family twice', `${HEAD}a_total 1\n${HEAD}a_total{b="c"} 1\n`],
  ['a series twice', `${HEAD}a_total{b="c",d="e"} 1\na_total{d="e",b="c"} 1\n`],
  ['a label twice', `${HEAD}a_total{b="c",b="d"} 1\n`],
  ['a quote that is not escaped', `${HEAD}a_total{b="c"d"} 1\n`],
  ['an unknown escape', `${HEAD}a_total{b="\\t"} 1\n`],
  ['a comma at the end', `${HEAD}a_total{b="c",} 1\n`],
  ['a counter below zero', `${HEAD}a_total -1\n`],
  ['a counter of another name', '# HELP a What.\n# TYPE a counter\na 1\n'],
  ['a sample of another family', `${HEAD}b_total 1\n`],
  ['a value that is no number', `${HEAD}a_total one\n`],
  ['buckets that fall', `${HISTOGRAM}h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n`],
  [
    'bounds that do not rise',
    `${HISTOGRAM}h_bucket{le="2"} 1\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n`,
  ],
  ['no bucket +Inf', `${HISTOGRAM}h_bucket{le="2"} 1\nh_sum 1\nh_count 1\n`],
  ['a count that is not that of +Inf', `${HISTOGRAM}h_bucket{le="+Inf"} 1\nh_sum 1\nh_count 2\n`],
  ['no sum', `${HISTOGRAM}h_bucket{le="+Inf"} 1\nh_count 1\n`],
])('refuses %s', (_, text) => {
  expect(() => parsePrometheusText(text)).toThrow();
});

test('takes a histogram that holds together', () => {
  const text = `${HISTOGRAM}h_bucket{le="1"} 1\nh_bucket{le="+Inf"} 2\nh_sum 5.5\nh_count 2\n`;
  expect(sampleValue(parsePrometheusText(text), 'h_sum')).toBe(5.5);
});
