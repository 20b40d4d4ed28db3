// What the REST API and the local admin socket can do, independent of how the caller proved who it is.
import { resourceKeySchema, toYaml } from '@malha/model';
import { z } from 'zod';
import type { FirstAdministrator, FirstSignIn } from '../auth/first-administrator.ts';
import type { Principal } from '../auth/principal.ts';
import { requireRole } from '../auth/principal.ts';
import { orAway } from '../db/away.ts';
import type { Experiments } from '../experiments/experiments.ts';
import type { FaultEnder } from '../experiments/fault-end.ts';
import type { GatewayCertificates } from '../gateway-certificates/gateway-certificates.ts';
import { certificateName, certificatePair } from '../gateway-certificates/schemas.ts';
import type { MeshStatus, MeshStatusReader } from '../mesh/status.ts';
import { changesOf } from '../resources/drafts.ts';
import { ResourceNotFound } from '../resources/errors.ts';
import type { History } from '../resources/history.ts';
import { requireRevert, requireWrite } from '../resources/permissions.ts';
import { keyOfChange } from '../resources/plan.ts';
import { baseRevisionsSchema, changeSchema, decodeChanges, messageSchema, present } from '../resources/router.ts';
import type { ResourceStore } from '../resources/store.ts';

export interface JoinTokenOrder {
  readonly namespace: string;
  readonly service: string;
  readonly serviceAccount?: string | undefined;
  readonly ttlSeconds?: number | undefined;
  readonly uses?: number | undefined;
}

export interface OperationsOptions {
  readonly store: ResourceStore;
  readonly history: History<unknown>;
  readonly status: MeshStatusReader;
  readonly certificates: GatewayCertificates;
  readonly firstAdministrator: FirstAdministrator;
  readonly invite: (
    order: JoinTokenOrder,
    createdBy: string,
  ) => Promise<{ readonly token: string; readonly expiresAtMs: number; readonly command: string }>;
  /** `sha256:…` of the root's public key. */
  readonly caPin: () => string;
  /** Requests, failures and retries by edge, exact, since a time or since ever. */
  readonly totals: (sinceMs: number | undefined) => Promise<unknown>;
  readonly ender: FaultEnder;
  readonly experiments: Experiments;
}

/** Who calls: somebody on this machine with access to the socket, or a user. */
export type Caller =
  | { readonly type: 'local'; readonly author: string }
  | { readonly type: 'user'; readonly principal: Principal };

const joinTokenOrder = z.strictObject({
  namespace: z.string().max(63),
  service: z.string().max(63),
  serviceAccount: z.string().max(63).optional(),
  ttlSeconds: z.int().optional(),
  uses: z.int().optional(),
});

const changesBody = z.strictObject({ changes: z.array(changeSchema).max(5_000) });

export interface ApplyRequest {
  readonly yaml?: string;
  /** A JSON body `{changes}`. */
  readonly json?: unknown;
  readonly message: string;
  /** JSON object of key -> revision. Without it nothing is compared. */
  readonly baseRevisions?: unknown;
}

export class Operations {
  readonly #options: OperationsOptions;

  constructor(options: OperationsOptions) {
    this.#options = options;
  }

  status(): MeshStatus {
    return this.#options.status.read();
  }

  revision(): { revision: number } {
    return { revision: this.#options.store.state.revision };
  }

  caPin(): { pin: string } {
    return { pin: this.#options.caPin() };
  }

  totals(sinceMs: number | undefined): Promise<unknown> {
    return orAway(() => this.#options.totals(sinceMs));
  }

  firstSignIn(): Promise<FirstSignIn> {
    return orAway(() => this.#options.firstAdministrator.read());
  }

  async mintJoinToken(caller: Caller, body: unknown) {
    const order = joinTokenOrder.parse(body);
    if (caller.type === 'user') requireRole(caller.principal, 'admin', order.namespace);
    const { token, expiresAtMs, command } = await orAway(() => this.#options.invite(order, authorOf(caller)));
    return { token, expiresAtMs, command };
  }

  async apply(caller: Caller, request: ApplyRequest) {
    const changes = changesOf({
      yaml: request.yaml,
      changes: request.json === undefined ? undefined : decodeChanges(changesBody.parse(request.json).changes),
    });
    if (caller.type === 'user') requireWrite(caller.principal, changes.map(keyOfChange));
    const baseRevisions =
      request.baseRevisions === undefined ? undefined : baseRevisionsSchema.parse(request.baseRevisions);
    return this.#options.store.apply({
      author: authorOf(caller),
      message: messageSchema.parse(request.message),
      changes,
      ...(baseRevisions === undefined ? {} : { baseRevisions }),
    });
  }

  resources(filter: { kind?: string | undefined; namespace?: string | undefined }) {
    const { revision, byKey } = this.#options.store.state;
    const items = [...byKey.values()].filter(
      ({ key, resource }) =>
        (filter.kind === undefined || resource.kind === filter.kind) &&
        (filter.namespace === undefined || key.split('/')[1] === filter.namespace),
    );
    return { revision, items: items.map((item) => present(item)) };
  }

  /** All as YAML documents, for `malha get -o yaml` and backups. */
  resourcesAsYaml(filter: { kind?: string | undefined; namespace?: string | undefined }): string {
    const { items } = this.resources(filter);
    return items.map(({ resource }) => toYaml(resource)).join('---\n');
  }

  resource(key: string) {
    const item = this.#options.store.state.byKey.get(resourceKeySchema.parse(key));
    if (!item) throw new ResourceNotFound(key);
    return present(item);
  }

  experiments() {
    return this.#options.experiments.list();
  }

  experiment(id: string) {
    return this.#options.experiments.get(id);
  }

  /** `revision` null: it had ended. */
  async stopFault(caller: Caller, name: string, message: string) {
    const key = resourceKeySchema.parse(`FaultInjection/${name}`);
    if (!this.#options.store.state.byKey.has(key)) throw new ResourceNotFound(key);
    if (caller.type === 'user') requireWrite(caller.principal, [key]);
    const reason = message || `Stop fault ${name}`;
    const revision = await this.#options.ender.end([key], { by: authorOf(caller), reason, message: reason });
    return { revision: revision ?? null };
  }

  certificates() {
    return this.#options.certificates.list();
  }

  async putCertificate(caller: Caller, name: unknown, body: unknown) {
    const order = { ...certificateName.parse(name), ...certificatePair.parse(body) };
    if (caller.type === 'user') requireRole(caller.principal, 'admin', order.namespace);
    return this.#options.certificates.put(order, authorOf(caller));
  }

  async removeCertificate(caller: Caller, name: unknown, force: boolean) {
    const parsed = certificateName.parse(name);
    if (caller.type === 'user') requireRole(caller.principal, 'admin', parsed.namespace);
    await this.#options.certificates.remove(parsed, { force }, authorOf(caller));
    return {};
  }

  changes(query: { cursor?: number | undefined; limit: number }) {
    return this.#options.history.list(query);
  }

  change(revision: number) {
    return this.#options.history.get(revision);
  }

  async revert(caller: Caller, revision: number, message: string) {
    if (caller.type === 'user') {
      const { objects } = await this.#options.history.get(revision);
      requireRevert(
        caller.principal,
        objects.map(({ key }) => key),
      );
    }
    return this.#options.store.revert({ revision, author: authorOf(caller), message });
  }
}

function authorOf(caller: Caller): string {
  return caller.type === 'local' ? caller.author : caller.principal.email;
}
