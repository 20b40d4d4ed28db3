// The calls that give a certificate: joining with a token, and renewing under the own certificate.
import { create } from '@bufbuild/protobuf';
import * as grpc from '@grpc/grpc-js';
import type { HostPort } from '@malha/cli/option-types';
import { createCsr, generateKeyPair, parseTrustBundle, privateKeyPem } from '@malha/identity';
import type { Clock } from '@malha/traffic/clock';
import {
  JoinRequestSchema,
  type JoinResponse,
  RenewRequestSchema,
} from '@malha/xds/generated/malha/identity/v1/identity_pb';
import { callUnary } from '@malha/xds/rpc';
import { identityService } from '@malha/xds/services';
import { AgentError } from '../errors.ts';
import { type Credentials, checkCredentials, type Membership } from '../membership.ts';
import { CHANNEL_OPTIONS, checkControlPlane } from './channel.ts';
import { fetchPinnedRoot } from './pinned-root.ts';

const CALL_TIMEOUT_MS = 10_000;

export interface JoinWish {
  /** `<namespace>/<name>` */
  readonly service: string;
  readonly version: string;
  readonly ports: readonly { readonly port: number; readonly appAddress: string }[];
  readonly workloadName: string | undefined;
  readonly hostname: string;
  readonly model: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Where a workload that joins again listens already. */
  readonly currentAddress?: string;
}

export interface Joined {
  readonly membership: Membership;
  readonly credentials: Credentials;
}

/** The private key is made here and stays in this process. */
export async function join(
  server: HostPort,
  pin: string,
  token: string,
  wish: JoinWish,
  clock: Clock,
): Promise<Joined> {
  const rootPem = await fetchPinnedRoot(server, pin);
  const [trustDomain = ''] = parseTrustBundle(rootPem).trustDomains;
  const credentials = grpc.credentials.createSsl(Buffer.from(rootPem), null, null, {
    checkServerIdentity: checkControlPlane(rootPem, trustDomain, clock),
  });
  const client = new grpc.Client(authority(server), credentials, CHANNEL_OPTIONS);
  const keys = generateKeyPair();
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const request = create(JoinRequestSchema, {
    csrPem: createCsr(keys),
    service: wish.service,
    version: wish.version,
    ports: [...wish.ports],
    workloadName: wish.workloadName ?? '',
    hostname: wish.hostname,
    model: wish.model,
    labels: { ...wish.labels },
    sameHost: isLoopback(server.host),
    currentAddress: wish.currentAddress ?? '',
  });
  try {
    const response = await callUnary(client, identityService.Join, request, { deadlineMs: CALL_TIMEOUT_MS, metadata });
    return decodeJoin(response, wish, privateKeyPem(keys), clock);
  } catch (error) {
    throw explain(error, server);
  } finally {
    client.close();
  }
}

/** A new key each time. */
export async function renew(client: grpc.Client, clock: Clock): Promise<Credentials> {
  const keys = generateKeyPair();
  const request = create(RenewRequestSchema, { csrPem: createCsr(keys) });
  const response = await callUnary(client, identityService.Renew, request, { deadlineMs: CALL_TIMEOUT_MS });
  return checkCredentials(
    { chain: response.certificateChainPem.join(''), key: privateKeyPem(keys), trust: response.trustBundlePem },
    clock.now(),
  );
}

function decodeJoin(response: JoinResponse, wish: JoinWish, key: string, clock: Clock): Joined {
  const [namespace, name, ...more] = response.workload.split('/');
  if (!namespace || !name || more.length > 0) throw unusable(`a workload "${response.workload}"`);
  if (response.address === '') throw unusable('no address');
  if (response.controlPlane === '') throw unusable('no address of the control plane');
  const credentials = checkCredentials(
    { chain: response.certificateChainPem.join(''), key, trust: response.trustBundlePem },
    clock.now(),
  );
  return {
    credentials,
    membership: {
      namespace,
      name,
      service: wish.service,
      version: wish.version,
      address: response.address,
      outboundPort: response.outboundPort,
      inboundPort: response.inboundPort,
      adminPort: response.adminPort,
      trustDomain: response.trustDomain,
      controlPlane: response.controlPlane,
    },
  };
}

function unusable(what: string): AgentError {
  return new AgentError('MALHA4907', `the control plane answered the join with ${what}`);
}

function explain(error: unknown, server: HostPort): unknown {
  if (!isServiceError(error)) return error;
  const at = `${server.host}:${server.port}`;
  switch (error.code) {
    case grpc.status.UNAUTHENTICATED:
      return new AgentError(
        'MALHA4904',
        `the join token was refused: ${error.details}. Make another with "malha join-token create"`,
      );
    case grpc.status.UNAVAILABLE:
    case grpc.status.DEADLINE_EXCEEDED:
      return new AgentError('MALHA4902', `the control plane at ${at} could not be reached: ${error.details}`);
    default:
      return new AgentError('MALHA4904', `the join was refused: ${error.details}`);
  }
}

export function isServiceError(error: unknown): error is grpc.ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}

function authority({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
