'use client';
// What a tested request asks for: method, host and path, or of gRPC the service and its method.
import { Select } from '#components/ui/choice.tsx';
import { TextField } from '#components/ui/field.tsx';
import type { RequestRouteKind } from '../model/kinds.ts';
import { pathOfRpc, rpcOfPath } from './rpc-path.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const HOST_MAX = 300;
const PATH_MAX = 8_192;
const NAME_MAX = 1_024;

export interface RequestTargetProps {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly onMethod: (method: string) => void;
  readonly onHost: (host: string) => void;
  readonly onPath: (path: string) => void;
}

export function isSoundPath(kind: RequestRouteKind, path: string): boolean {
  return kind === 'GRPCRoute' ? rpcOfPath(path) !== undefined : path.startsWith('/');
}

function Host({ host, onHost }: Pick<RequestTargetProps, 'host' | 'onHost'>) {
  return (
    <TextField
      aria-label="Host"
      mono
      value={host}
      maxLength={HOST_MAX}
      invalid={host.trim() === ''}
      onChange={(event) => onHost(event.target.value)}
    />
  );
}

export function HttpTarget({ method, host, path, onMethod, onHost, onPath }: RequestTargetProps) {
  const isSound = path.startsWith('/');
  return (
    <>
      <Select
        label="Method"
        value={method}
        onChange={onMethod}
        options={METHODS.map((value) => ({ value, label: value }))}
      />
      <Host host={host} onHost={onHost} />
      <TextField
        aria-label="Path"
        mono
        value={path}
        maxLength={PATH_MAX}
        invalid={!isSound}
        title={isSound ? undefined : 'a path begins with /'}
        onChange={(event) => onPath(event.target.value)}
      />
    </>
  );
}

/** A call of gRPC is a POST to `/<service>/<method>`: the form asks for the two names. */
export function GrpcTarget({ host, path, onHost, onPath }: RequestTargetProps) {
  const [, service = '', method = ''] = path.split('/');
  return (
    <>
      <Host host={host} onHost={onHost} />
      <TextField
        aria-label="gRPC service"
        placeholder="package.Service"
        mono
        value={service}
        maxLength={NAME_MAX}
        onChange={(event) => onPath(pathOfRpc(event.target.value, method))}
      />
      <TextField
        aria-label="gRPC method"
        placeholder="Method"
        mono
        value={method}
        maxLength={NAME_MAX}
        onChange={(event) => onPath(pathOfRpc(service, event.target.value))}
      />
    </>
  );
}
