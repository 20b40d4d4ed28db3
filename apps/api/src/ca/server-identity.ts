// The control plane's own certificate: made at start, renewed at half of its life while the servers run.
import {
  generateKeyPair,
  privateKeyPem,
  renewalDelayMs,
  renewalRetryDelayMs,
  type SpiffeIdentity,
  spiffeIdentity,
} from '@malha/identity';
import { MESH_NAMESPACE } from '@malha/model';
import type { Clock } from '@malha/traffic/clock';
import type { CertificateAuthority } from './authority.ts';

export const CONTROL_PLANE_ACCOUNT = 'control-plane';
/** A longer timer would sleep through a suspended machine; the delay is computed anew each time. */
const TIMER_MAX_MS = 10 * 60_000;

export interface ServerCertificate {
  /** Leaf, issuing authority and root: a joining agent knows only the root's pin, and looks for it in this chain. */
  readonly certificateChainPem: string;
  readonly privateKeyPem: string;
  readonly trustBundlePem: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface ServerIdentityDeps {
  readonly authority: CertificateAuthority;
  readonly clock: Clock;
  readonly random: () => number;
  /** Beside `localhost`, 127.0.0.1 and ::1: how agents of other hosts reach this one. */
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly lifetimeMs?: number;
  readonly onError: (error: unknown) => void;
}

export class ServerIdentity {
  readonly identity: SpiffeIdentity;
  readonly #deps: ServerIdentityDeps;
  readonly #listeners = new Set<(certificate: ServerCertificate) => void>();
  #current: ServerCertificate;
  #timer: NodeJS.Timeout | undefined;
  #renewAtMs = 0;
  #failures = 0;
  #isStopped = false;

  private constructor(deps: ServerIdentityDeps, identity: SpiffeIdentity, current: ServerCertificate) {
    this.#deps = deps;
    this.identity = identity;
    this.#current = current;
    this.#schedule();
  }

  static async open(deps: ServerIdentityDeps): Promise<ServerIdentity> {
    const identity = spiffeIdentity(deps.authority.trustDomain, MESH_NAMESPACE, CONTROL_PLANE_ACCOUNT);
    return new ServerIdentity(deps, identity, await obtain(deps, identity));
  }

  current(): ServerCertificate {
    return this.#current;
  }

  onChange(listener: (certificate: ServerCertificate) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** New key and certificate now; listeners switch new connections to it. */
  async renew(): Promise<void> {
    this.#current = await obtain(this.#deps, this.identity);
    this.#failures = 0;
    this.#schedule();
    for (const listener of this.#listeners) listener(this.#current);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const { clock, random } = this.#deps;
    this.#renewAtMs = clock.now() + renewalDelayMs(this.#current, clock.now(), random);
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    const delayMs = Math.max(0, this.#renewAtMs - this.#deps.clock.now());
    this.#timer = setTimeout(() => void this.#wake(), Math.min(delayMs, TIMER_MAX_MS));
    this.#timer.unref();
  }

  async #wake(): Promise<void> {
    if (this.#deps.clock.now() < this.#renewAtMs) return this.#arm();
    try {
      await this.renew();
    } catch (error) {
      this.#deps.onError(error);
      this.#failures += 1;
      this.#renewAtMs = this.#deps.clock.now() + renewalRetryDelayMs(this.#failures, this.#deps.random);
      this.#arm();
    }
  }
}

async function obtain(deps: ServerIdentityDeps, identity: SpiffeIdentity): Promise<ServerCertificate> {
  const keys = generateKeyPair();
  const order = {
    spiffeId: identity.id,
    publicKey: keys.publicKey,
    dnsNames: [...new Set(['localhost', ...(deps.dnsNames ?? [])])],
    ipAddresses: [...new Set(['127.0.0.1', '::1', ...(deps.ipAddresses ?? [])])],
    ...(deps.lifetimeMs === undefined ? {} : { lifetimeMs: deps.lifetimeMs }),
  };
  const leaf = await deps.authority.issue(order, undefined);
  return {
    certificateChainPem: leaf.chainPem.join('') + deps.authority.trustBundle.pem,
    privateKeyPem: privateKeyPem(keys),
    trustBundlePem: deps.authority.trustBundle.pem,
    notBeforeMs: leaf.notBeforeMs,
    notAfterMs: leaf.notAfterMs,
  };
}
