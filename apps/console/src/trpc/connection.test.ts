import { describe, expect, it } from 'vitest';
import { createConnectionStore } from './connection.ts';

describe('connection', () => {
  it('is lost since the first failure, however many follow', () => {
    const store = createConnectionStore();
    store.opened(1);
    store.closed(10);
    store.closed(20);
    expect(store.read()).toMatchObject({ status: 'lost', lostAtMs: 10 });
    store.opened(30);
    expect(store.read()).toEqual({ status: 'open', lostAtMs: null, nextTryAtMs: null });
  });

  it('is lost while requests get no answer, also over a socket that is still open', () => {
    const store = createConnectionStore();
    store.opened(1);
    store.unanswered(10);
    store.opened(11);
    expect(store.read()).toMatchObject({ status: 'lost', lostAtMs: 10 });
    store.answered(12);
    expect(store.read().status).toBe('open');
  });

  it('is lost while the socket is, whatever requests say', () => {
    const store = createConnectionStore();
    store.closed(10);
    store.answered(11);
    expect(store.read().status).toBe('lost');
  });

  it('tells its listeners about changes only', () => {
    const store = createConnectionStore();
    store.opened(1);
    let told = 0;
    const stop = store.subscribe(() => {
      told += 1;
    });
    store.answered(2);
    store.opened(3);
    expect(told).toBe(0);
    store.closed(4);
    stop();
    store.opened(5);
    expect(told).toBe(1);
  });
});
