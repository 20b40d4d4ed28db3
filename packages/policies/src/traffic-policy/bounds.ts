// Bounds of requests that cannot mean what they say: a service that refuses what it speaks, and ports without requests.
import { type AppProtocol, type Finding, namespaceOf, type TrafficPolicyResource } from '@malha/model';
import { report } from '../report.ts';
import type { TrafficPolicies } from './apply.ts';

/** `protocolsOf` the ports of `<namespace>/<name>`; undefined: there is no such service, which is another finding. */
export function analyzeBounds(
  policies: TrafficPolicies,
  protocolsOf: (service: string) => readonly AppProtocol[] | undefined,
): Finding[] {
  return policies.attached.flatMap((policy) => {
    const { kind, name } = policy.spec.targetRef;
    const protocols = kind === 'Service' ? protocolsOf(`${namespaceOf(policy)}/${name}`) : undefined;
    return protocols === undefined ? [] : findingsOf(policy, protocols);
  });
}

function findingsOf(policy: TrafficPolicyResource, protocols: readonly AppProtocol[]): Finding[] {
  const { overload, requests } = policy.spec;
  if (protocols.every((protocol) => protocol === 'tcp' || protocol === 'tls')) {
    const message = 'The service has no port of HTTP or gRPC: there are no requests to bound.';
    return [
      ...(overload === undefined ? [] : [report('MALHA1107', policy, 'spec.overload', message)]),
      ...(requests === undefined ? [] : [report('MALHA1107', policy, 'spec.requests', message)]),
    ];
  }
  const allowed = requests?.allowedProtocols;
  if (allowed === undefined || !protocols.includes('grpc') || allowed.includes('gRPC')) return [];
  const message = 'A port has appProtocol grpc, and gRPC is not among the allowed protocols: its calls get 403.';
  return [report('MALHA1106', policy, 'spec.requests.allowedProtocols', message)];
}
