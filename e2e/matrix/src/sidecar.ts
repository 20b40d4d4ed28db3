// The sidecar side: our proxies in this process, on real sockets, configured from the compiled resources.
import { buildIndex, compile } from '@malha/policies';
import { countryDatabase } from '@malha/testing/country-database';
import type { TestCa } from '@malha/testing/test-ca';
import { DataPlane } from '../../../apps/dataplane/src/data-plane.ts';
import type { GatewayCertificate } from '../../../apps/dataplane/src/gateway/certificates.ts';
import { CountryDatabase } from '../../../apps/dataplane/src/gateway/country-database.ts';
import { KeepingTelemetry } from '../../../apps/dataplane/test/mesh-fixture.ts';
import type { Backends } from './backends.ts';
import { type Answer, type Caller, type CaseRequest, type MatrixCase, OUTSIDE_COUNTRY } from './case.ts';
import type { Outcome } from './outcome.ts';
import { RealCallers } from './real-callers.ts';
import { type Copies, type Player, settingOf } from './side.ts';
import { CERTIFICATES, MEMBERS, type Member, type Places, worldOf } from './stage.ts';

interface Proxy {
  readonly member: Member;
  readonly dataPlane: DataPlane;
  readonly telemetry: KeepingTelemetry;
}

export async function startSidecars(ca: TestCa, backends: Backends, places: Places): Promise<Player> {
  const proxies: Proxy[] = [];
  for (const member of MEMBERS) {
    const [namespace = '', name = ''] = member.split('/');
    const telemetry = new KeepingTelemetry();
    const dataPlane = new DataPlane({
      workload: { namespace, name, service: name, version: 'v1' },
      bind: { address: places.addressOf(member), outboundPort: 15_001, inboundPort: 15_006 },
      telemetry,
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      random: Math.random,
    });
    dataPlane.setIdentity(ca.issue(namespace, name));
    dataPlane.setCountries({ database: COUNTRIES, problem: '' });
    dataPlane.setCertificates({ usable: CERTIFICATES.map((each) => certificate(ca, each)), problems: new Map() });
    await dataPlane.start();
    proxies.push({ member, dataPlane, telemetry });
  }
  return new SidecarPlayer(proxies, new RealCallers(ca, backends, places), places);
}

/** All clients are on this machine. */
const COUNTRIES = new CountryDatabase(countryDatabase({ '127.0.0.0/8': OUTSIDE_COUNTRY }));

function certificate(ca: TestCa, name: string): GatewayCertificate {
  const [namespace = '', own = ''] = name.split('/');
  const { certificateChainPem, privateKeyPem } = ca.issue(namespace, own);
  return { name, certificateChainPem, privateKeyPem };
}

class SidecarPlayer implements Player {
  readonly side = 'sidecar';
  readonly #proxies: readonly Proxy[];
  readonly #callers: RealCallers;
  readonly #places: Places;
  #setting: string | undefined;

  constructor(proxies: readonly Proxy[], callers: RealCallers, places: Places) {
    this.#proxies = proxies;
    this.#callers = callers;
    this.#places = places;
  }

  async prepare(matrixCase: MatrixCase): Promise<void> {
    if (this.#setting === settingOf(matrixCase)) return;
    const index = buildIndex(worldOf(matrixCase, this.#places));
    for (const { member, dataPlane } of this.#proxies) {
      const [namespace = '', workload = ''] = member.split('/');
      dataPlane.apply(compile(index, { namespace, workload }).config);
      await dataPlane.portsOpened();
    }
    this.#setting = settingOf(matrixCase);
  }

  async send(caller: Caller, request: CaseRequest, answers: readonly Answer[], copies?: Copies): Promise<Outcome> {
    const outcome = await this.#callers.send(caller, request, answers, copies);
    return { ...outcome, ...this.#policiesOf(outcome.id) };
  }

  /** What the callee's proxy noted about the request. */
  #policiesOf(requestId: string): Pick<Outcome, 'deniedBy' | 'shadowDeniedBy'> {
    const records = this.#proxies.find(({ member }) => member === 'shop/vault')?.telemetry.records ?? [];
    const record = records.findLast((candidate) => candidate.requestId === requestId);
    if (record === undefined) return {};
    const { status, authorizationPolicy, shadowPolicy } = record;
    return { deniedBy: status === 403 ? authorizationPolicy : '', shadowDeniedBy: shadowPolicy };
  }

  release(): void {
    this.#callers.release();
  }

  async close(): Promise<void> {
    for (const { dataPlane } of this.#proxies) dataPlane.close();
  }
}
