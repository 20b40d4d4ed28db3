// The limits of a proxy as options of its command line, the same in all modes.
import { duration, wholeNumber, withDefault } from '@malha/cli/option-types';
import { type Option, OptionProblem } from '@malha/cli/options';
import { DEFAULT_LIMITS, type ProxyLimits } from './proxy-limits.ts';

const CONNECTIONS_MAX = 1_000_000;
/** Timers hold less than 2^31 ms; a limit of days is none. */
const TIMEOUT_MAX_MS = 24 * 3_600_000;

export interface LimitOptions {
  readonly 'connections-max': number;
  readonly 'handshake-timeout': number;
  readonly 'head-timeout': number;
  readonly 'client-idle-timeout': number;
  readonly 'linger-time': number;
}

export function limitOptions() {
  return {
    'connections-max': withDefault(
      wholeNumber({ placeholder: 'N', help: 'open connections of each listener' }, { min: 1, max: CONNECTIONS_MAX }),
      DEFAULT_LIMITS.connectionsMax,
    ),
    'handshake-timeout': timeout('time for a TLS handshake', DEFAULT_LIMITS.handshakeTimeoutMs),
    'head-timeout': timeout('time for a request head, from its first byte', DEFAULT_LIMITS.headTimeoutMs),
    'client-idle-timeout': timeout("time of a client's connection without a request", DEFAULT_LIMITS.idleTimeoutMs),
    'linger-time': timeout('time that a refused client may go on sending', DEFAULT_LIMITS.lingerMs),
  };
}

export function limitsOf(options: LimitOptions): ProxyLimits {
  return {
    connectionsMax: options['connections-max'],
    handshakeTimeoutMs: options['handshake-timeout'],
    headTimeoutMs: options['head-timeout'],
    idleTimeoutMs: options['client-idle-timeout'],
    lingerMs: options['linger-time'],
  };
}

/** None of them can be switched off: each is what bounds a client that says nothing. */
function timeout(help: string, defaultMs: number): Option<number> {
  const option = withDefault(duration(help), defaultMs);
  return {
    ...option,
    decode(given) {
      const ms = option.decode(given);
      if (ms < 1 || ms > TIMEOUT_MAX_MS) throw new OptionProblem(`"${given.join()}" is not from 1ms to 24h`);
      return ms;
    },
  };
}
