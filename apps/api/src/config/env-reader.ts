// Strict parsing of environment variables. Failures are collected, so that one start shows all of them.
import { isIPv4 } from 'node:net';

export type Env = Readonly<Record<string, string | undefined>>;

export class ConfigInvalid extends Error {
  override readonly name = 'ConfigInvalid';
  readonly code = 'MALHA5030';

  constructor(readonly problems: readonly string[]) {
    super(`MALHA5030: the settings are not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

export class EnvReader {
  readonly #env: Env;
  readonly #problems: string[] = [];

  constructor(env: Env) {
    this.#env = env;
  }

  throwIfFailed(): void {
    if (this.#problems.length > 0) throw new ConfigInvalid(this.#problems);
  }

  /** The value is never part of a message: it may be a secret. */
  fail(name: string, problem: string): void {
    this.#problems.push(`${name} ${problem}`);
  }

  /** Empty counts as not set. */
  optionalText(name: string): string | undefined {
    const value = this.#env[name];
    return value === undefined || value === '' ? undefined : value;
  }

  text(name: string, fallback: string): string {
    return this.optionalText(name) ?? fallback;
  }

  matching(name: string, pattern: RegExp, what: string, fallback: string): string {
    const value = this.text(name, fallback);
    if (!pattern.test(value)) this.fail(name, `must be ${what}`);
    return value;
  }

  secret(name: string, lengthMin: number): string {
    const value = this.optionalText(name);
    if (value === undefined) this.fail(name, 'is not set');
    else if (value.length < lengthMin) this.fail(name, `must have at least ${lengthMin} characters`);
    return value ?? '';
  }

  integer(name: string, { fallback, min, max }: { fallback: number; min: number; max: number }): number {
    const value = this.optionalText(name);
    if (value === undefined) return fallback;
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < min || number > max) {
      this.fail(name, `must be a whole number from ${min} to ${max}`);
      return fallback;
    }
    return number;
  }

  port(name: string, fallback: number): number {
    return this.integer(name, { fallback, min: 0, max: 65_535 });
  }

  choice<const T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.text(name, fallback);
    const found = choices.find((choice) => choice === value);
    if (found === undefined) this.fail(name, `must be one of ${choices.join(', ')}`);
    return found ?? fallback;
  }

  url(name: string, protocols: readonly string[]): string {
    const value = this.optionalText(name);
    if (value === undefined) this.fail(name, 'is not set');
    else if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol)) {
      this.fail(
        name,
        `must be an address that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
      );
    }
    return value ?? '';
  }

  list(name: string): string[] {
    const items = (this.optionalText(name) ?? '').split(',').map((item) => item.trim());
    return items.filter((item) => item !== '');
  }

  origins(name: string, fallback: string): string[] {
    const values = this.optionalText(name) === undefined ? [fallback] : this.list(name);
    return values.flatMap((value) => {
      const isHttp = URL.canParse(value) && ['http:', 'https:'].includes(new URL(value).protocol);
      if (!isHttp) this.fail(name, 'must hold addresses that begin with http:// or https://');
      return isHttp ? [new URL(value).origin] : [];
    });
  }

  /** A range within 127.0.0.0/8, large enough to give addresses out of. */
  loopbackCidr(name: string, fallback: string): string {
    const value = this.text(name, fallback);
    const [address = '', bits = '', ...rest] = value.split('/');
    const isRange = rest.length === 0 && isIPv4(address) && /^\d{1,2}$/.test(bits);
    if (!isRange || !address.startsWith('127.') || Number(bits) < 8 || Number(bits) > 24) {
      this.fail(name, 'must be a range within 127.0.0.0/8 with /8 to /24, such as 127.64.0.0/16');
    }
    return value;
  }
}
