// Resolves backendRefs: to a port of a service or of one of its versions, or to the reason why not.
import { type BackendObjectReference, type FindingCode, MALHA_GROUP, parseServiceVersionName } from '@malha/model';
import type { ReferenceGrants } from '../reference-grant/grants.ts';
import type { PortEntry, ServiceEntry } from '../services/entries.ts';
import { isServiceGroup } from './attach.ts';

export interface ResolvedBackend {
  readonly ok: true;
  readonly service: ServiceEntry;
  readonly port: PortEntry;
  /** Empty for the whole service. */
  readonly version: string;
}

export interface UnresolvedBackend {
  readonly ok: false;
  readonly code: FindingCode;
  /** Field of the backendRef. */
  readonly field: string;
  readonly message: string;
}

export interface BackendContext {
  readonly services: ReadonlyMap<string, ServiceEntry>;
  readonly grants: ReferenceGrants;
  /** Kind and namespace of the route. */
  readonly kind: string;
  readonly namespace: string;
  /** Port of the Service that the route is attached to; a Gateway has none to lend. */
  readonly parentPort: number | undefined;
  /** Which ports can be a backend; those of HTTP unless said otherwise. */
  readonly isUsable?: (port: PortEntry) => boolean;
}

function unresolved(code: FindingCode, field: string, message: string): UnresolvedBackend {
  return { ok: false, code, field, message };
}

export function resolveBackend(
  ref: BackendObjectReference,
  context: BackendContext,
): ResolvedBackend | UnresolvedBackend {
  const named = namedService(ref);
  if ('ok' in named) return named;
  const namespace = ref.namespace ?? context.namespace;
  const key = `${namespace}/${named.service}`;
  if (namespace !== context.namespace && !isGranted(ref, named.service, namespace, context)) {
    return unresolved(
      'MALHA1026',
      'namespace',
      `${key} is in another namespace, and no ReferenceGrant there allows the reference.`,
    );
  }
  const service = context.services.get(key);
  if (service === undefined) return unresolved('MALHA1022', 'name', `There is no Service ${key}.`);
  if (named.version !== '' && !service.versions.some((version) => version.name === named.version)) {
    const known = service.versions.map((version) => version.name).join(', ') || 'none';
    return unresolved('MALHA1023', 'name', `Service ${key} has no version ${named.version} (versions: ${known}).`);
  }
  return resolvePort(ref, service, named.version, context);
}

/** A grant to a Service holds for its versions too. */
function isGranted(
  ref: BackendObjectReference,
  service: string,
  namespace: string,
  { grants, kind, namespace: from }: BackendContext,
): boolean {
  const source = { kind, namespace: from };
  if (grants.allows(source, { group: '', kind: 'Service', namespace, name: service })) return true;
  return (
    ref.kind === 'ServiceVersion' &&
    grants.allows(source, { group: MALHA_GROUP, kind: 'ServiceVersion', namespace, name: ref.name })
  );
}

function namedService(ref: BackendObjectReference): { service: string; version: string } | UnresolvedBackend {
  const kind = ref.kind ?? 'Service';
  if (kind === 'Service' && isServiceGroup(ref.group)) return { service: ref.name, version: '' };
  if (kind === 'ServiceVersion' && ref.group === MALHA_GROUP) {
    const parts = parseServiceVersionName(ref.name);
    return parts ?? unresolved('MALHA1023', 'name', `"${ref.name}" is not of the form <service>-<version>.`);
  }
  return unresolved('MALHA1025', 'kind', `A backend of kind ${ref.group ?? ''}/${kind} cannot be used.`);
}

/** Without a port: the port of the parent if the service has it, else its only usable port. */
function resolvePort(
  ref: BackendObjectReference,
  service: ServiceEntry,
  version: string,
  { parentPort, isUsable = isHttpPort }: BackendContext,
): ResolvedBackend | UnresolvedBackend {
  const usable = service.ports.filter(isUsable);
  const found =
    ref.port === undefined
      ? (usable.find(({ port }) => port === parentPort) ?? (usable.length === 1 ? usable[0] : undefined))
      : service.ports.find(({ port }) => port === ref.port);
  if (found === undefined) {
    const message =
      ref.port === undefined
        ? `Service ${service.key} has several ports: name one.`
        : `Service ${service.key} has no port ${ref.port}.`;
    return unresolved('MALHA1024', 'port', message);
  }
  if (!isUsable(found)) {
    return unresolved(
      isUsable === isHttpPort ? 'MALHA1043' : 'MALHA1047',
      'port',
      `Port ${found.port} of Service ${service.key} has appProtocol ${found.protocol}.`,
    );
  }
  return { ok: true, service, port: found, version };
}

function isHttpPort({ isHttp }: PortEntry): boolean {
  return isHttp;
}
