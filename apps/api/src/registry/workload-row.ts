// A registered workload as the database has it, and as the model's Workload resource that policies work on.
import { MALHA_API_VERSION, type WorkloadResource } from '@malha/model';
import { workloadSchema } from '@malha/model/schema/workload';
import { RegistryError } from './errors.ts';

export type WorkloadState = 'joined' | 'live' | 'draining' | 'out';

export interface RegisteredPort {
  readonly port: number;
  readonly appAddress: string;
}

export interface WorkloadRow {
  readonly namespace: string;
  readonly name: string;
  readonly spiffe_id: string;
  readonly service_account: string;
  readonly service: string;
  readonly version: string;
  readonly address: string;
  readonly inbound_port: number;
  readonly model: string;
  readonly hostname: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly RegisteredPort[];
  readonly state: WorkloadState;
  readonly is_healthy: boolean;
  readonly instance_id: string;
  readonly software_version: string;
  readonly session: string | null;
  readonly replica: string | null;
  readonly connected_at: Date | null;
  /** bigint: text in pg. */
  readonly sequence: string;
}

/** A workload of the world: always with a status. */
export type RegisteredWorkload = WorkloadResource & { readonly status: { readonly healthy: boolean } };

/** What others act on; two rows with equal facts need no push. */
export interface WorkloadFacts {
  readonly version: string;
  readonly address: string;
  readonly inboundPort: number;
  readonly model: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly RegisteredPort[];
}

export function toResource(row: WorkloadRow): RegisteredWorkload {
  const resource: unknown = {
    apiVersion: MALHA_API_VERSION,
    kind: 'Workload',
    metadata: { name: row.name, namespace: row.namespace, labels: row.labels },
    spec: {
      address: row.address,
      inboundPort: row.inbound_port,
      ports: row.ports.map(({ port, appAddress }) => (appAddress === '' ? { port } : { port, appAddress })),
      serviceAccount: row.service_account,
      model: row.model,
    },
  };
  const healthy = row.state === 'live' && row.is_healthy;
  return { ...checked(resource), status: { healthy } };
}

/** Labels of the workload: what it says, with `app` and `version` as its registration has them. */
export function labelsOf(
  claimed: Readonly<Record<string, string>>,
  service: string,
  version: string,
): Readonly<Record<string, string>> {
  if (claimed.app !== undefined && claimed.app !== service) {
    throw invalid(`the label app=${claimed.app} is not the service ${service} that the workload joined for`);
  }
  return { ...claimed, app: service, ...(version === '' ? {} : { version }) };
}

function checked(resource: unknown): WorkloadResource {
  const result = workloadSchema.safeParse(resource);
  if (result.success) return result.data;
  const reasons = result.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw invalid(reasons.join('; '));
}

function invalid(why: string): RegistryError {
  return new RegistryError('invalid', 'MALHA5053', `the workload cannot be registered: ${why}`);
}
