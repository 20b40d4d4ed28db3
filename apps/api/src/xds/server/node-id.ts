// The node of a first request: `<namespace>/<workload>~<instance>`, and which dialect its client speaks.
import type { Node } from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import type { Dialect } from '../dialects/dialect.ts';
import { XdsError } from '../errors.ts';

const NODE_ID = /^([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\/[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?)~([^~]{1,128})$/;

export interface ClientNode {
  /** `<namespace>/<workload>` */
  readonly workload: string;
  readonly instance: string;
  readonly dialect: Dialect['name'];
}

export function parseNode(node: Node | undefined): ClientNode {
  if (node === undefined) throw new XdsError('invalid', 'MALHA5062', 'the first request of a stream must carry a node');
  const [, workload, instance] = NODE_ID.exec(node.id) ?? [];
  if (workload === undefined || instance === undefined) {
    const shown = JSON.stringify(node.id.slice(0, 256));
    throw new XdsError('invalid', 'MALHA5062', `the node's id ${shown} is not <namespace>/<workload>~<instance>`);
  }
  return { workload, instance, dialect: node.userAgentName === 'envoy' ? 'envoy' : 'malha' };
}
