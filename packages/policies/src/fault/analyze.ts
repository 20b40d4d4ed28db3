// Faults that some of their callers do not carry out as they are: those with a stock Envoy.
import type { Finding, FindingCode } from '@malha/model';
import { report } from '../report.ts';
import type { WorkloadEntry } from '../services/entries.ts';
import type { FaultPolicies } from './apply.ts';

type Fault = FaultPolicies['attached'][number];

const CODE: FindingCode = 'MALHA1083';

export function analyzeFaults(policies: FaultPolicies, workloads: readonly WorkloadEntry[]): Finding[] {
  if (policies.isEmpty) return [...policies.findings];
  const envoys = workloads.filter(({ resource }) => resource.spec.model === 'envoy');
  const findings = policies.attached.flatMap((fault) => {
    if (fault.spec.ended !== undefined) return [];
    const caller = envoys.find((workload) => isMeant(fault, workload));
    return caller === undefined ? [] : findingsOf(fault, `${caller.namespace}/${caller.name}`);
  });
  return [...policies.findings, ...findings];
}

function findingsOf(fault: Fault, caller: string): Finding[] {
  const { reset, bandwidth } = fault.spec;
  const end = `At callers with an Envoy, such as ${caller}, it ends only when the control plane takes it away.`;
  return [
    report(CODE, fault, 'spec.expiresAfter', end),
    ...(reset === undefined
      ? []
      : [report(CODE, fault, 'spec.reset', `An Envoy, such as that of ${caller}, breaks no connections off.`)]),
    ...(bandwidth?.requestBytesPerSecond === undefined
      ? []
      : [
          report(
            CODE,
            fault,
            'spec.bandwidth.requestBytesPerSecond',
            `An Envoy, such as that of ${caller}, slows down answers only.`,
          ),
        ]),
  ];
}

/** Every workload of the mesh may be a caller, but for those of the target itself, where nobody is asked. */
function isMeant({ spec: { callers } }: Fault, { namespace, serviceAccount }: WorkloadEntry): boolean {
  if (callers === undefined) return true;
  return callers.some(
    (wanted) =>
      wanted.namespace === namespace &&
      (wanted.serviceAccount === undefined || wanted.serviceAccount === serviceAccount),
  );
}
