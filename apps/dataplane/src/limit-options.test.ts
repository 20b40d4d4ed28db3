import { describeOptions, parseOptions, UsageError } from '@malha/cli/options';
import { describe, expect, it } from 'vitest';
import { limitOptions, limitsOf } from './limit-options.ts';
import { DEFAULT_LIMITS } from './proxy-limits.ts';

const parsed = (...argv: readonly string[]) => limitsOf(parseOptions(limitOptions(), argv).options);

describe('limits as options', () => {
  it('are the defaults where nothing is said', () => {
    expect(parsed()).toEqual(DEFAULT_LIMITS);
  });

  it('are set one by one', () => {
    const argv = ['--connections-max', '200', '--handshake-timeout', '3s', '--head-timeout', '500ms'];
    expect(parsed(...argv, '--client-idle-timeout', '5m', '--linger-time', '2s')).toEqual({
      connectionsMax: 200,
      handshakeTimeoutMs: 3_000,
      headTimeoutMs: 500,
      idleTimeoutMs: 300_000,
      lingerMs: 2_000,
    });
  });

  it.each([
    ['--connections-max', '0'],
    ['--connections-max', '1000001'],
    ['--head-timeout', '0s'],
    ['--client-idle-timeout', '25h'],
    ['--linger-time', 'soon'],
  ])('%s %s is refused by name', (name, value) => {
    expect(() => parsed(name, value)).toThrow(UsageError);
    expect(() => parsed(name, value)).toThrow(name);
  });

  it('are described with their defaults', () => {
    expect(describeOptions(limitOptions())).toContain('(default 15000)');
  });
});
