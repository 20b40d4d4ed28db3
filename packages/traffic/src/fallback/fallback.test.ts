import { describe, expect, it } from 'vitest';
import { isFallbackFor } from './failure.ts';
import { type GoodAnswer, isKept, isShareable, LastGoodAnswers, variesOf } from './last-good.ts';
import { fallbackWords, hedgingWords } from './words.ts';

describe('isFallbackFor', () => {
  const answers = (on: Parameters<typeof isFallbackFor>[0], grpcStatus = 0) =>
    [200, 404, 499, 500, 502, 503, 504, 599].filter((status) =>
      isFallbackFor(on, { type: 'answer', status, grpcStatus }),
    );

  it('goes by the class of the answer', () => {
    expect(answers(['5xx'])).toEqual([500, 502, 503, 504, 599]);
    expect(answers(['gateway-error'])).toEqual([502, 503, 504]);
    expect(answers(['unavailable', 'timeout'])).toEqual([]);
  });

  it('goes by the status of a call of gRPC where it has one', () => {
    const of = (grpcStatus: number) => isFallbackFor(['gateway-error'], { type: 'answer', status: 200, grpcStatus });
    expect([0, 4, 5, 13, 14].map(of)).toEqual([false, true, false, false, true]);
    expect(isFallbackFor(['5xx'], { type: 'answer', status: 200, grpcStatus: 13 })).toBe(true);
  });

  it('is asked for by name where there was no answer', () => {
    expect(isFallbackFor(['unavailable'], { type: 'unavailable' })).toBe(true);
    expect(isFallbackFor(['unavailable'], { type: 'timeout' })).toBe(false);
    expect(isFallbackFor(['timeout'], { type: 'timeout' })).toBe(true);
  });
});

const fields = (headers: Readonly<Record<string, string>>) => (name: string) => headers[name];

describe('which answers are kept', () => {
  it('those to requests that everybody may have sent', () => {
    expect(['GET', 'HEAD', 'POST'].map((method) => isShareable(method, fields({})))).toEqual([true, true, false]);
    for (const own of ['authorization', 'cookie', 'range'])
      expect(isShareable('GET', fields({ [own]: 'x' }))).toBe(false);
    expect(isShareable('GET', fields({ 'cache-control': 'no-store' }))).toBe(false);
  });

  it('200, and not said to be for one client or not to be kept', () => {
    expect([200, 204, 206, 304, 404, 500].map((status) => isKept(status, fields({})))).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
    for (const control of ['no-store', 'private', 'max-age=5, PRIVATE', 'private="x-a"', 'no-cache', 'must-revalidate'])
      expect(isKept(200, fields({ 'cache-control': control })), control).toBe(false);
    for (const control of ['public, max-age=60', 'max-age=0', 'x-private-thing'])
      expect(isKept(200, fields({ 'cache-control': control })), control).toBe(true);
    expect(isKept(200, fields({ 'set-cookie': 'a=b' }))).toBe(false);
    expect(isKept(200, fields({ vary: 'accept, *' }))).toBe(false);
  });
});

describe('LastGoodAnswers', () => {
  const answer = (bytes: number, storedMs = 0, varies: GoodAnswer['varies'] = []): GoodAnswer => ({
    headers: [],
    body: new Uint8Array(bytes),
    varies,
    storedMs,
  });
  const none = fields({});

  it('forgets an answer that is too old', () => {
    const kept = new LastGoodAnswers({ maxAgeMs: 1000, maxEntries: 10, maxBytes: 100_000 });
    kept.store('a', answer(10, 500));
    expect(kept.find('a', none, 1500)).toBeDefined();
    expect(kept.find('a', none, 1501)).toBeUndefined();
    expect([kept.size, kept.bytes]).toEqual([0, 0]);
  });

  it('drops the one used least lately, by number and by bytes', () => {
    const kept = new LastGoodAnswers({ maxAgeMs: 1000, maxEntries: 2, maxBytes: 16_000 });
    kept.store('a', answer(10));
    kept.store('b', answer(10));
    kept.find('a', none, 1);
    kept.store('c', answer(10));
    expect(['a', 'b', 'c'].map((key) => kept.find(key, none, 1) !== undefined)).toEqual([true, false, true]);
    kept.bounds = { ...kept.bounds, maxEntries: 100 };
    for (let index = 0; index < 50; index++) kept.store(`d${index}`, answer(1000));
    expect(kept.bytes).toBeLessThanOrEqual(16_000);
    expect(kept.size).toBeGreaterThan(5);
  });

  it('takes no answer of more than an eighth of the whole, and forgets the one that it would replace', () => {
    const kept = new LastGoodAnswers({ maxAgeMs: 1000, maxEntries: 10, maxBytes: 8_000 });
    kept.store('a', answer(100));
    kept.store('a', answer(1000));
    expect([kept.size, kept.bytes]).toEqual([0, 0]);
  });

  it('counts a replaced answer once', () => {
    const kept = new LastGoodAnswers({ maxAgeMs: 1000, maxEntries: 10, maxBytes: 80_000 });
    kept.store('a', answer(100));
    const { bytes } = kept;
    kept.store('a', answer(100));
    expect([kept.size, kept.bytes]).toEqual([1, bytes]);
  });

  it('gives an answer to requests only that it would have been chosen for', () => {
    const kept = new LastGoodAnswers({ maxAgeMs: 1000, maxEntries: 10, maxBytes: 80_000 });
    const portuguese = fields({ 'accept-language': 'pt' });
    kept.store('a', answer(1, 0, variesOf(portuguese, fields({ vary: 'Accept-Language, x-none' }))));
    expect(kept.find('a', portuguese, 1)).toBeDefined();
    expect(kept.find('a', fields({ 'accept-language': 'de' }), 1)).toBeUndefined();
    expect(kept.find('a', fields({ 'accept-language': 'pt', 'x-none': '1' }), 1)).toBeUndefined();
  });
});

describe('words', () => {
  it('say what happens when', () => {
    expect(hedgingWords({ delayMs: 50, maxAttempts: 2, perMillion: 100_000 })).toBe(
      'After 50 ms without an answer 10 % of the requests go to another endpoint too, up to 2 attempts; the first good answer counts.',
    );
    expect(
      fallbackWords({
        on: ['5xx', 'timeout'],
        to: { type: 'last-good', maxAgeMs: 600_000, maxEntries: 1, maxBytes: 1 },
      }),
    ).toBe('On answers from 500 on, a timeout the last good answer is given, if it is not older than 600 s.');
  });
});
