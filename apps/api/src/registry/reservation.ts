// Reserving a workload's name and address when it joins; it is not in the world until its agent says Hello.
import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type pg from 'pg';
import type { AddressRange } from './address-range.ts';
import { RegistryError } from './errors.ts';
import { lease, lockLeases } from './leases.ts';
import { selectWorkload, upsertJoined } from './repository.ts';
import { labelsOf, type RegisteredPort, toResource, type WorkloadRow } from './workload-row.ts';

const SUFFIX_BYTES = 3;
const NAME_MAX = 63;
const INBOUND_PORT = 15_006;

/** What the join token permits, and what the joining agent says. */
export interface WorkloadReservation {
  readonly namespace: string;
  readonly service: string;
  readonly serviceAccount: string;
  readonly spiffeId: string;
  readonly version: string;
  readonly workloadName: string | undefined;
  readonly model: string;
  readonly hostname: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly RegisteredPort[];
  readonly sameHost: boolean;
  /** Where it listens already; undefined = it starts only now. */
  readonly currentAddress: string | undefined;
  readonly callerAddress: string;
}

export interface Reservation {
  readonly name: string;
  readonly address: string;
}

export async function reserve(
  client: pg.PoolClient,
  wanted: WorkloadReservation,
  range: AddressRange,
): Promise<Reservation> {
  await lockLeases(client);
  const name = wanted.workloadName ?? (await freeName(client, wanted));
  const known = await selectWorkload(client, wanted.namespace, name);
  if (known !== undefined) checkOwner(known, wanted);
  const address = wanted.sameHost
    ? await lease(client, 'workload', `${wanted.namespace}/${name}`, range, wanted.currentAddress)
    : plainAddress(wanted.callerAddress);
  const row = joinedRow(wanted, name, address);
  toResource(row);
  await upsertJoined(client, row);
  return { name, address };
}

/** A name belongs to the identity and service that took it first, until it has been out for long. */
function checkOwner(known: WorkloadRow, wanted: WorkloadReservation): void {
  const isOwn = known.spiffe_id === wanted.spiffeId && known.service === wanted.service;
  if (isOwn) return;
  throw new RegistryError(
    'conflict',
    'MALHA5051',
    `the workload ${wanted.namespace}/${known.name} belongs to ${known.spiffe_id}, service ${known.service}: choose another name`,
  );
}

function joinedRow(wanted: WorkloadReservation, name: string, address: string): WorkloadRow {
  return {
    namespace: wanted.namespace,
    name,
    spiffe_id: wanted.spiffeId,
    service_account: wanted.serviceAccount,
    service: wanted.service,
    version: wanted.version,
    address,
    inbound_port: INBOUND_PORT,
    model: wanted.model,
    hostname: wanted.hostname,
    labels: labelsOf(wanted.labels, wanted.service, wanted.version),
    ports: wanted.ports,
    state: 'joined',
    is_healthy: true,
    instance_id: '',
    software_version: '',
    session: null,
    replica: null,
    connected_at: null,
    sequence: '0',
  };
}

/** `reviews-v2-3fa9c1`: says what it is, and differs from every other. */
async function freeName(client: pg.PoolClient, { namespace, service, version }: WorkloadReservation): Promise<string> {
  const stem = version === '' ? service : `${service}-${version.replaceAll('.', '-')}`;
  for (;;) {
    const suffix = randomBytes(SUFFIX_BYTES).toString('hex');
    const name = `${stem.slice(0, NAME_MAX - suffix.length - 1).replace(/-+$/, '')}-${suffix}`;
    if ((await selectWorkload(client, namespace, name)) === undefined) return name;
  }
}

/** Elsewhere than on the control plane's host, a workload is reached where it called from. */
function plainAddress(callerAddress: string): string {
  const address = callerAddress.replace(/^::ffff:(?=\d+\.)/, '');
  if (isIP(address) === 0) {
    throw new RegistryError(
      'invalid',
      'MALHA5053',
      `the caller's address ${JSON.stringify(address)} is not an IP address`,
    );
  }
  return address;
}
