// The kinds of values that options take; each decoder says in words what it wants.
import { type Option, OptionProblem } from './options.ts';

const PORT_MAX = 65_535;
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

interface Words {
  readonly placeholder: string;
  readonly help: string;
}

function one<T>(words: Words, decode: (text: string) => T): Option<T | undefined> {
  return {
    ...words,
    multiple: false,
    decode: ([text]) => (text === undefined ? undefined : decode(text)),
  };
}

/** Fails when the option is absent. */
export function required<T>(option: Option<T | undefined>): Option<T> {
  return {
    ...option,
    decode(given) {
      const value = option.decode(given);
      if (value === undefined) throw new OptionProblem('is required');
      return value;
    },
  };
}

export function withDefault<T>(option: Option<T | undefined>, value: T): Option<T> {
  return {
    ...option,
    help: `${option.help} (default ${String(value)})`,
    decode: (given) => option.decode(given) ?? value,
  };
}

/** Any number of times; the values in order. */
export function repeated<T>(option: Option<T | undefined>): Option<readonly T[]> {
  return {
    ...option,
    help: `${option.help} (repeatable)`,
    multiple: true,
    decode: (given) =>
      given.flatMap((text) => {
        const value = option.decode([text]);
        return value === undefined ? [] : [value];
      }),
  };
}

export function flag(help: string): Option<boolean> {
  return { placeholder: undefined, help, multiple: false, decode: (given) => given.length > 0 };
}

export function text(placeholder: string, help: string): Option<string | undefined> {
  return one({ placeholder, help }, (value) => {
    if (value === '') throw new OptionProblem('is empty');
    return value;
  });
}

export function matching(
  placeholder: string,
  help: string,
  pattern: RegExp,
  wants: string,
): Option<string | undefined> {
  return one({ placeholder, help }, (value) => {
    if (!pattern.test(value)) throw new OptionProblem(`"${value}" is not ${wants}`);
    return value;
  });
}

export function wholeNumber(
  words: Words,
  bounds: { readonly min: number; readonly max: number },
): Option<number | undefined> {
  return one(words, (value) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= bounds.min && number <= bounds.max)) {
      throw new OptionProblem(`"${value}" is not a whole number from ${bounds.min} to ${bounds.max}`);
    }
    return number;
  });
}

/** A port to listen on; 0 = any free one. */
export function listenPort(help: string): Option<number | undefined> {
  return wholeNumber({ placeholder: 'PORT', help }, { min: 0, max: PORT_MAX });
}

/** A duration such as `500ms`, `10s`, `5m`, `1h`; in milliseconds. */
export function duration(help: string): Option<number | undefined> {
  const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  return one({ placeholder: 'DURATION', help }, (value) => {
    const match = /^(\d{1,9})(ms|s|m|h)$/.exec(value);
    const unit = unitMs[match?.[2] ?? ''];
    if (match === null || unit === undefined)
      throw new OptionProblem(`"${value}" is not a duration such as 500ms, 10s or 5m`);
    return Number(match[1]) * unit;
  });
}

export interface QualifiedName {
  readonly namespace: string;
  readonly name: string;
}

/** `namespace/name` of a resource. */
export function qualifiedName(placeholder: string, help: string): Option<QualifiedName | undefined> {
  return one({ placeholder, help }, (value) => {
    const [namespace, name, ...more] = value.split('/');
    if (namespace === undefined || name === undefined || more.length > 0 || !NAME.test(namespace) || !NAME.test(name)) {
      throw new OptionProblem(`"${value}" is not NAMESPACE/NAME in lower-case letters, digits and "-"`);
    }
    return { namespace, name };
  });
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `host:port`; IPv6 addresses in brackets. */
export function hostPort(help: string): Option<HostPort | undefined> {
  return one({ placeholder: 'HOST:PORT', help }, decodeHostPort);
}

export function decodeHostPort(value: string): HostPort {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(value);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !(port >= 1 && port <= PORT_MAX)) throw new OptionProblem(`"${value}" is not HOST:PORT`);
  return { host, port };
}

/** `key=value`. */
export function keyValue(help: string): Option<readonly [string, string] | undefined> {
  return one({ placeholder: 'KEY=VALUE', help }, (value) => {
    const match = /^([A-Za-z0-9](?:[-A-Za-z0-9_./]{0,251}[A-Za-z0-9])?)=([-A-Za-z0-9_.]{0,63})$/.exec(value);
    const key = match?.[1];
    if (key === undefined) throw new OptionProblem(`"${value}" is not KEY=VALUE of a label`);
    return [key, match?.[2] ?? ''] as const;
  });
}
