// The gRPC service malha.identity.v1: joining with a token, and renewing under the own certificate.
import { create } from '@bufbuild/protobuf';
import type { Metadata, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import { dnsLabel, portNumber } from '@malha/model/schema/scalars';
import { JoinResponseSchema, RenewResponseSchema } from '@malha/xds/generated/malha/identity/v1/identity_pb';
import { identityService, type UnaryHandlers } from '@malha/xds/services';
import { z } from 'zod';
import type { GrpcFailure } from '../../agents/grpc-errors.ts';
import type { PeerOf } from '../../agents/peer-identity.ts';
import type { Enrolment } from '../enrolment.ts';
import { CaError } from '../errors.ts';

const BEARER = /^Bearer ([\x21-\x7e]{1,256})$/;

const joinRequest = z.object({
  csrPem: z.string(),
  service: z.string().max(127),
  version: z.string().max(63),
  ports: z.array(z.object({ port: portNumber, appAddress: z.string().max(300) })).max(64),
  workloadName: z.union([z.literal(''), dnsLabel]),
  hostname: z.string().max(253),
  model: z.string().max(32),
  labels: z.record(z.string().max(317), z.string().max(63)),
  sameHost: z.boolean(),
  currentAddress: z.string().max(45),
});

export interface IdentityServiceDeps {
  readonly enrolment: Enrolment;
  readonly peerOf: PeerOf;
  readonly toFailure: (error: unknown) => GrpcFailure;
}

/** Join is for the join port, Renew for the member port; each port gets only its own. */
export function createIdentityHandlers(deps: IdentityServiceDeps): UnaryHandlers<typeof identityService> {
  const { enrolment, peerOf } = deps;
  return {
    Join: unary(deps, async (call) => {
      const { service, workloadName, currentAddress, ...request } = decode(joinRequest, call.request);
      const answer = await enrolment.join({
        ...request,
        service: parseService(service),
        workloadName: workloadName === '' ? undefined : workloadName,
        currentAddress: currentAddress === '' ? undefined : currentAddress,
        token: bearerToken(call.metadata),
        callerAddress: addressOf(call.getPeer()),
      });
      return create(JoinResponseSchema, { ...answer, certificateChainPem: [...answer.certificateChainPem] });
    }),
    Renew: unary(deps, async (call) => {
      const { chainPem, trustBundlePem, notAfterMs } = await enrolment.renew(peerOf(call), call.request.csrPem);
      return create(RenewResponseSchema, {
        certificateChainPem: [...chainPem],
        trustBundlePem,
        notAfterMs: BigInt(notAfterMs),
      });
    }),
  };
}

export const joinServiceDefinition = { Join: identityService.Join };
export const renewServiceDefinition = { Renew: identityService.Renew };

function unary<I, O>(deps: IdentityServiceDeps, handle: (call: ServerUnaryCall<I, O>) => Promise<O>) {
  return (call: ServerUnaryCall<I, O>, callback: sendUnaryData<O>): void => {
    Promise.resolve()
      .then(() => handle(call))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(deps.toFailure(error)),
      );
  };
}

function decode<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const reasons = result.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new CaError('invalid', 'MALHA3023', `the join request is invalid: ${reasons.join('; ')}`);
}

function parseService(text: string): { namespace: string; name: string } {
  const [namespace = '', name = '', ...rest] = text.split('/');
  if (rest.length > 0 || !dnsLabel.safeParse(namespace).success || !dnsLabel.safeParse(name).success) {
    throw new CaError('invalid', 'MALHA3023', `the service ${JSON.stringify(text)} is not "namespace/name"`);
  }
  return { namespace, name };
}

function bearerToken(metadata: Metadata): string {
  const values = metadata.get('authorization');
  const [, token] = BEARER.exec(String(values[0] ?? '')) ?? [];
  if (values.length !== 1 || token === undefined) {
    throw new CaError(
      'unauthenticated',
      'MALHA3022',
      'joining needs the metadata "authorization: Bearer <join token>"',
    );
  }
  return token;
}

/** Address without port of grpc-js's `127.0.0.1:4711` or `[::1]:4711`. */
function addressOf(peer: string): string {
  return peer.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}
