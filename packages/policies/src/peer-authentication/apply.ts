// The mTLS mode of an inbound port: workload, then service, namespace and mesh; in each, the port before the whole.
import { defaults, type Finding, keyOf, type PeerAuthenticationResource } from '@malha/model';
import type { MtlsMode } from '@malha/traffic';
import { report } from '../report.ts';
import type { PolicyTargets } from '../targets.ts';

export type PeerAuthentications = PolicyTargets<PeerAuthenticationResource>;

export interface InboundWorkload {
  readonly namespace: string;
  readonly name: string;
  readonly services: readonly { readonly namespace: string; readonly name: string }[];
}

const STRICTNESS: Readonly<Record<MtlsMode, number>> = { STRICT: 2, PERMISSIVE: 1, DISABLE: 0 };

/** Where several services of one workload disagree, the strictest mode holds. */
export function modeOf(policies: PeerAuthentications, workload: InboundWorkload, port: number): MtlsMode {
  if (policies.isEmpty) return defaults.mtlsMode;
  const ofServices = workload.services
    .map((service) => modeIn(policies.ofService(service.namespace, service.name), port))
    .filter((mode) => mode !== undefined);
  return (
    modeIn(policies.ofWorkload(workload.namespace, workload.name), port) ??
    strictest(ofServices) ??
    modeIn(policies.ofNamespace(workload.namespace), port) ??
    modeIn(policies.ofMesh(), port) ??
    defaults.mtlsMode
  );
}

/** The oldest policy that says something of the port; one that names the port itself goes first. */
function modeIn(policies: readonly PeerAuthenticationResource[], port: number): MtlsMode | undefined {
  for (const policy of policies) {
    const mode = policy.spec.ports?.[String(port)];
    if (mode !== undefined) return mode;
  }
  return policies.find((policy) => policy.spec.mode !== undefined)?.spec.mode;
}

function strictest(modes: readonly MtlsMode[]): MtlsMode | undefined {
  return modes.reduce<MtlsMode | undefined>(
    (best, mode) => (best === undefined || STRICTNESS[mode] > STRICTNESS[best] ? mode : best),
    undefined,
  );
}

export function analyzePeerAuthentications(policies: PeerAuthentications): Finding[] {
  const findings = [...policies.findings];
  for (const sharing of policies.sharedTargets()) {
    const setBy = new Map<string, { policy: PeerAuthenticationResource; mode: MtlsMode }>();
    for (const policy of sharing) {
      for (const [path, mode] of settings(policy)) {
        const earlier = setBy.get(path);
        if (earlier === undefined) setBy.set(path, { policy, mode });
        else if (earlier.mode !== mode) {
          const message = `${keyOf(earlier.policy)} is older and sets ${path} to ${earlier.mode}; ${mode} has no effect.`;
          findings.push(report('MALHA1038', policy, path, message));
        }
      }
    }
  }
  return findings;
}

function settings({ spec }: PeerAuthenticationResource): [string, MtlsMode][] {
  const ports = Object.entries(spec.ports ?? {}).map(([port, mode]): [string, MtlsMode] => [
    `spec.ports["${port}"]`,
    mode,
  ]);
  return spec.mode === undefined ? ports : [['spec.mode', spec.mode], ...ports];
}
