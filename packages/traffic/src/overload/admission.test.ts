import { describe, expect, it } from 'vitest';
import { Admission, type Waiter } from './admission.ts';
import { type OverloadConfig, type Priority, priorityOf } from './config.ts';

const CONFIG: OverloadConfig = {
  id: 'shop/cart',
  minConcurrency: 2,
  maxConcurrency: 2,
  maxQueue: 2,
  queueTimeoutMs: 100,
  probePaths: [],
};
const START_MS = 1_000_000;

class Bench {
  nowMs = START_MS;
  /** What became of requests that had to wait, in order. */
  readonly log: string[] = [];
  readonly admission: Admission;
  private readonly waiters = new Map<string, Waiter>();

  constructor(config: Partial<OverloadConfig> = {}) {
    this.admission = new Admission({ ...CONFIG, ...config }, START_MS);
  }

  ask(name: string, priority: Priority = 'default') {
    const waiter: Waiter = {
      priority,
      admitted: () => this.log.push(`${name} goes`),
      shed: () => this.log.push(`${name} is shed`),
    };
    this.waiters.set(name, waiter);
    const verdict = this.admission.ask(waiter, this.nowMs);
    return verdict.type === 'wait' ? `wait ${verdict.untilMs - this.nowMs}` : verdict.type;
  }

  waiter(name: string): Waiter {
    const waiter = this.waiters.get(name);
    if (waiter === undefined) throw new Error(`nobody is called ${name}`);
    return waiter;
  }

  end(): void {
    this.admission.learn('answered', this.nowMs, this.nowMs);
    this.admission.release(this.nowMs);
  }

  /** A bench whose two places are taken. */
  full(): this {
    this.ask('a');
    this.ask('b');
    return this;
  }
}

describe('an admission', () => {
  it('lets through as many as the limit, lets some wait, sheds the rest', () => {
    const bench = new Bench();
    expect(['a', 'b', 'c', 'd', 'e'].map((name) => bench.ask(name))).toEqual([
      ...['go', 'go', 'wait 100', 'wait 100', 'shed'],
    ]);
    expect(bench.admission).toMatchObject({ inFlight: 2, waiting: 2, limit: 2 });
  });

  it('lets who waits go in order of arrival, critical ones first', () => {
    const bench = new Bench({ maxQueue: 3 }).full();
    bench.ask('first');
    bench.ask('second');
    bench.ask('critical', 'critical');
    for (let nth = 0; nth < 3; nth++) bench.end();
    expect(bench.log).toEqual(['critical goes', 'first goes', 'second goes']);
    expect(bench.admission.inFlight).toBe(2);
  });

  it('lets nothing that is sheddable wait', () => {
    const bench = new Bench();
    expect(bench.ask('a', 'sheddable')).toBe('go');
    expect(bench.ask('b', 'sheddable')).toBe('go');
    expect(bench.ask('c', 'sheddable')).toBe('shed');
  });

  it('lets a sheddable one not go before those that wait', () => {
    const bench = new Bench({ maxConcurrency: 1, minConcurrency: 1 });
    bench.ask('a');
    bench.ask('waits');
    bench.admission.reconfigure({ ...CONFIG, minConcurrency: 5, maxConcurrency: 5 });
    expect(bench.ask('b', 'sheddable')).toBe('shed');
    bench.end();
    expect(bench.log).toEqual(['waits goes']);
    expect(bench.ask('c', 'sheddable')).toBe('go');
  });

  it('gives the place of an ordinary one in a full queue to a critical one', () => {
    const bench = new Bench().full();
    bench.ask('old');
    bench.ask('young');
    expect(bench.ask('critical', 'critical')).toBe('wait 100');
    expect(bench.log).toEqual(['old is shed']);
    bench.ask('critical too', 'critical');
    expect(bench.ask('one too many', 'critical')).toBe('shed');
    expect(bench.log).toEqual(['old is shed', 'young is shed']);
  });

  it('sheds who waited long enough, once, and not who went', () => {
    const bench = new Bench().full();
    bench.ask('c');
    bench.ask('d');
    bench.end();
    bench.admission.expire(bench.waiter('c'));
    bench.admission.expire(bench.waiter('d'));
    bench.admission.expire(bench.waiter('d'));
    expect(bench.log).toEqual(['c goes', 'd is shed']);
  });

  it('keeps no place for who has gone', () => {
    const bench = new Bench().full();
    bench.ask('c');
    expect(bench.admission.withdraw(bench.waiter('c'))).toBe(true);
    expect(bench.admission.withdraw(bench.waiter('c'))).toBe(false);
    bench.end();
    expect(bench.log).toEqual([]);
    expect(bench.admission).toMatchObject({ inFlight: 1, waiting: 0 });
  });

  it('lets wait for a tenth of the time while the queue stays', () => {
    const bench = new Bench({ maxQueue: 10 }).full();
    expect(bench.ask('c')).toBe('wait 100');
    bench.nowMs += 100;
    expect(bench.ask('d')).toBe('wait 100');
    bench.nowMs += 1;
    expect(bench.ask('e')).toBe('wait 10');
    expect(bench.ask('critical', 'critical')).toBe('wait 100');
    for (const name of ['c', 'd', 'e', 'critical']) bench.admission.expire(bench.waiter(name));
    expect(bench.ask('f')).toBe('wait 100');
  });

  it('without a queue nobody waits', () => {
    expect(new Bench({ maxQueue: 0 }).full().ask('c')).toBe('shed');
  });
});

it('a priority that nobody knows is the default', () => {
  expect([undefined, 'critical', 'sheddable', 'CRITICAL', ''].map(priorityOf)).toEqual([
    ...['default', 'critical', 'sheddable', 'default', 'default'],
  ]);
});
