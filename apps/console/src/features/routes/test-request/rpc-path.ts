// The path of a gRPC call and the two names that it is made of. Pure.

export interface Rpc {
  readonly service: string;
  readonly method: string;
}

const SLASHES = /[/\s]/g;

/** What is typed may hold neither slashes nor blanks: they would end a name. */
export function pathOfRpc(service: string, method: string): string {
  return `/${service.replace(SLASHES, '')}/${method.replace(SLASHES, '')}`;
}

/** Undefined where one of the names is missing. */
export function rpcOfPath(path: string): Rpc | undefined {
  const [, service, method] = /^\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  return service === undefined || method === undefined ? undefined : { service, method };
}
