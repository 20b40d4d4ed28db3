// Callers of a case on real sockets: through the proxy of a workload, or straight to the proxy of the vault.
import { createTestCa, type TestCa, type TestIdentity } from '@malha/testing/test-ca';
import type { Backends } from './backends.ts';
import { type Answer, type Caller, type CaseRequest, type Identity, UPSTREAM_PORTS } from './case.ts';
import { send, type Target } from './client.ts';
import type { Outcome } from './outcome.ts';
import type { Copies } from './side.ts';
import { type Places, TRUST_DOMAIN } from './stage.ts';

export const OUTBOUND_PORT = 15_001;
export const INBOUND_PORT = 15_006;

export class RealCallers {
  readonly #ca: TestCa;
  readonly #backends: Backends;
  readonly #places: Places;
  readonly #identities = new Map<string, TestIdentity>();
  #sent = 0;

  constructor(ca: TestCa, backends: Backends, places: Places) {
    this.#ca = ca;
    this.#backends = backends;
    this.#places = places;
  }

  async send(
    caller: Caller,
    request: CaseRequest,
    answers: readonly Answer[],
    copies?: Copies,
  ): Promise<Outcome & { readonly id: string }> {
    const id = `${this.#places.model}-${this.#sent++}`;
    this.#backends.script(id, answers);
    const answered = await send(this.#targetOf(caller, request), request, id);
    if (copies !== undefined) await this.#backends.arrived(id, copies.countMax + 1, copies.withinMs);
    return { ...answered, seen: this.#backends.take(id), id };
  }

  release(): void {
    this.#backends.release();
  }

  #targetOf(caller: Caller, { serverPort = 80 }: CaseRequest): Target {
    if (caller.via === 'outbound') return { address: this.#places.addressOf(caller.workload), port: OUTBOUND_PORT };
    if (caller.via === 'upstream') {
      const target = { address: this.#places.addressOf('shop/front'), port: UPSTREAM_PORTS[caller.upstream] };
      return caller.serverName === undefined ? target : { ...target, tls: { serverName: caller.serverName } };
    }
    if (caller.via === 'gateway') {
      const { port, serverName, edge = 'shop/front' } = caller;
      const target = { address: this.#places.addressOf(edge), port };
      return serverName === undefined ? target : { ...target, tls: { serverName } };
    }
    const target = { address: this.#places.addressOf('shop/vault'), port: INBOUND_PORT };
    if (caller.identity === 'plaintext') return target;
    const serverName = `${serverPort}.vault.shop.mesh`;
    return { ...target, tls: { identity: this.#identityOf(caller.identity), serverName } };
  }

  #identityOf({ namespace, serviceAccount, trustDomain = TRUST_DOMAIN }: Identity): TestIdentity {
    const key = `${trustDomain}/${namespace}/${serviceAccount}`;
    const known = this.#identities.get(key);
    if (known !== undefined) return known;
    const ca = trustDomain === TRUST_DOMAIN ? this.#ca : createTestCa(trustDomain);
    const identity = ca.issue(namespace, serviceAccount);
    this.#identities.set(key, identity);
    return identity;
  }
}
