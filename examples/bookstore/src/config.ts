// Reads the environment that `malha join` gives to the command it starts.
export interface BookstoreConfig {
  /** Port to listen on, on 127.0.0.1. */
  readonly port: number;
  /** Address of the sidecar for outbound calls, e.g. http://127.64.0.2:15001. */
  readonly outbound: string;
  /** Version label of this instance. */
  readonly version: string;
  /** Requests a second of the load generator. */
  readonly shopperRate: number;
  /** Port of the load generator's control server, on 127.0.0.1. */
  readonly shopperControlPort: number;
  /** Seed of the failures and delays. */
  readonly seed: number;
}

export function readConfig(env: NodeJS.ProcessEnv = process.env): BookstoreConfig {
  return {
    port: number(env, 'PORT', 9080),
    outbound: env.MALHA_OUTBOUND ?? 'http://127.0.0.1:15001',
    version: env.VERSION ?? 'v1',
    shopperRate: number(env, 'SHOPPER_RATE', 30),
    shopperControlPort: number(env, 'SHOPPER_CONTROL_PORT', 4410),
    seed: number(env, 'SEED', 42),
  };
}

function number(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`${name} must be a number, not "${text}"`);
  return value;
}
