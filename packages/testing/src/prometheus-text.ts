// A strict reader of the Prometheus text format 0.0.4: it fails on whatever promtool and a scraper would refuse or warn of.

export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const HELP_LINE = new RegExp(`^# HELP (${NAME}) (\\S.*)$`);
const TYPE_LINE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary)$`);
/** A value is what Go's ParseFloat takes: NaN in any case. */
const SAMPLE_LINE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? ([nN][aA][nN]|[+-]?Inf|[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)$`);
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(,|$)/;
const SUFFIXES: Readonly<Record<MetricType, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/** Families by name. Throws an Error with the line that is wrong. */
export function parsePrometheusText(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Family & { samples: Sample[] }>();
  const seen = new Set<string>();
  let help: { readonly name: string; readonly text: string } | undefined;
  let current: (Family & { samples: Sample[] }) | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    if (line === '') continue;
    const [, helped, words] = HELP_LINE.exec(line) ?? [];
    if (helped !== undefined && words !== undefined) {
      help = { name: helped, text: words };
      continue;
    }
    const [, typed, type] = TYPE_LINE.exec(line) ?? [];
    if (typed !== undefined && type !== undefined) {
      if (help?.name !== typed) fail('TYPE without HELP right before it');
      if (families.has(typed)) fail('a second family of this name');
      if (type === 'counter' && !typed.endsWith('_total')) fail('a counter is named *_total');
      current = { name: typed, type: type as MetricType, help: help?.text ?? '', samples: [] };
      families.set(typed, current);
      continue;
    }
    const sample = readSample(line) ?? fail('not a line of the format');
    const family = current ?? fail('a sample before any TYPE');
    if (!SUFFIXES[family.type].some((suffix) => sample.name === family.name + suffix))
      fail('a sample of another family');
    const series = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(series)) fail('a series twice');
    seen.add(series);
    if (family.type === 'counter' && !(sample.value >= 0)) fail('a counter below 0');
    family.samples.push(sample);
  }
  for (const family of families.values()) if (family.type === 'histogram') checkHistogram(family);
  return families;
}

/** The one sample with these labels among others. Throws when there is none, or more than one. */
export function sampleValue(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const found = [...families.values()]
    .flatMap(({ samples }) => samples)
    .filter((each) => each.name === name && Object.entries(labels).every(([key, value]) => each.labels[key] === value));
  const [sample, ...more] = found;
  if (sample === undefined || more.length > 0) {
    throw new Error(`${found.length} samples of ${name} ${JSON.stringify(labels)}`);
  }
  return sample.value;
}

function readSample(line: string): Sample | undefined {
  const [, name, inner = '', value] = SAMPLE_LINE.exec(line) ?? [];
  if (name === undefined || value === undefined) return undefined;
  const labels: Record<string, string> = {};
  let rest = inner;
  while (rest !== '') {
    const [whole, key, escaped] = LABEL.exec(rest) ?? [];
    if (whole === undefined || key === undefined || escaped === undefined || key in labels) return undefined;
    labels[key] = escaped.replaceAll(/\\([\\n"])/g, (_, symbol) => (symbol === 'n' ? '\n' : symbol));
    rest = rest.slice(whole.length);
    if (whole.endsWith(',') && rest === '') return undefined;
  }
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

/** Buckets rise, end with +Inf, which is the count; each series has a sum. */
function checkHistogram({ name, samples }: Family): void {
  const bySeries = new Map<string, Sample[]>();
  for (const sample of samples) {
    const series = seriesOf(sample);
    bySeries.set(series, [...(bySeries.get(series) ?? []), sample]);
  }
  for (const [series, own] of bySeries) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${name} ${series}`);
    };
    const buckets = own.filter((each) => each.name === `${name}_bucket`);
    let bound = Number.NEGATIVE_INFINITY;
    let count = 0;
    for (const { labels, value } of buckets) {
      const le = Number((labels.le ?? fail('a bucket without le')).replace('Inf', 'Infinity'));
      if (!(le > bound)) fail('bounds do not rise');
      if (!(value >= count)) fail('counts fall');
      bound = le;
      count = value;
    }
    if (bound !== Number.POSITIVE_INFINITY) fail('no bucket +Inf');
    if (own.find((each) => each.name === `${name}_count`)?.value !== count) fail('the count is not that of +Inf');
    if (!own.some((each) => each.name === `${name}_sum`)) fail('no sum');
  }
}

function seriesOf({ labels }: Sample): string {
  const { le: _, ...rest } = labels;
  return JSON.stringify(Object.entries(rest).sort());
}
