// The node of a first request: `<namespace>/<workload>~<instance>`, and which dialect its client speaks.
import { SECRET_FILES_METADATA } from '@malha/xds/extension-names';
import type { Node } from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import { z } from 'zod';
import type { Dialect, SecretFiles } from '../dialects/dialect.ts';
import { XdsError } from '../errors.ts';

const PATH_MAX = 4096;
const secretMetadata = z.object({
  identity: z.string().startsWith('/').max(PATH_MAX),
  trust: z.string().startsWith('/').max(PATH_MAX),
  certificates: z.string().startsWith('/').max(PATH_MAX).optional(),
});

const NODE_ID = /^([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?\/[a-z0-9](?:[-.a-z0-9]{0,251}[a-z0-9])?)~([^~]{1,128})$/;

export interface ClientNode {
  /** `<namespace>/<workload>` */
  readonly workload: string;
  readonly instance: string;
  readonly dialect: Dialect['name'];
  readonly secretFiles: SecretFiles | undefined;
}

export function parseNode(node: Node | undefined): ClientNode {
  if (node === undefined) throw new XdsError('invalid', 'MALHA5062', 'the first request of a stream must carry a node');
  const [, workload, instance] = NODE_ID.exec(node.id) ?? [];
  if (workload === undefined || instance === undefined) {
    const shown = JSON.stringify(node.id.slice(0, 256));
    throw new XdsError('invalid', 'MALHA5062', `the node's id ${shown} is not <namespace>/<workload>~<instance>`);
  }
  const dialect = node.userAgentName === 'envoy' ? 'envoy' : 'malha';
  return { workload, instance, dialect, secretFiles: secretFilesOf(node) };
}

/** Envoy's bootstrap says in the node's metadata where the host keeps its secrets. */
function secretFilesOf({ metadata }: Node): SecretFiles | undefined {
  const found = secretMetadata.safeParse(metadata?.[SECRET_FILES_METADATA]);
  if (!found.success) return undefined;
  const { certificates, ...files } = found.data;
  return { ...files, ...(certificates !== undefined && { certificates }) };
}
