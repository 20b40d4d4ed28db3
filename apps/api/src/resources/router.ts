// tRPC: reading, checking and changing resources.
import { type Finding, type ResourceKey, resourceKeySchema, toYaml, validateResource } from '@malha/model';
import { z } from 'zod';
import { namespacedProcedure, router, viewerProcedure } from '../trpc/init.ts';
import { type Analyze, resourcesOf } from './analysis.ts';
import { changesOf, previewDraft, validateYaml } from './drafts.ts';
import { ResourceNotFound, ResourcesInvalid } from './errors.ts';
import { requireWrite } from './permissions.ts';
import { keyOfChange } from './plan.ts';
import type { ResourceStore } from './store.ts';
import type { Change, ResourceState, StoredResource } from './types.ts';

/** Characters of one draft in the console; the CLI's limit is that of its body. */
const YAML_LENGTH_MAX = 2 * 1024 * 1024;
const CHANGES_MAX = 5_000;
const MESSAGE_LENGTH_MAX = 2_000;

const yaml = z.string().max(YAML_LENGTH_MAX);
export const messageSchema = z.string().trim().max(MESSAGE_LENGTH_MAX);
export const revisionSchema = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);

/** The resource itself is checked by its own schema, which tells every violation with its path. */
export const changeSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('put'), resource: z.unknown() }),
  z.strictObject({ op: z.literal('delete'), key: resourceKeySchema }),
]);
const changes = z.array(changeSchema).max(CHANGES_MAX);
export const baseRevisionsSchema = z.record(resourceKeySchema, revisionSchema);

const draft = z
  .strictObject({ yaml: yaml.optional(), changes: changes.optional() })
  .refine((value) => value.yaml !== undefined || value.changes !== undefined, 'either yaml or changes');

export interface ResourcesRouterDeps {
  readonly store: ResourceStore;
  readonly analyze: Analyze;
  /** What findings depend on beside resources: the same object until it changes. */
  readonly surroundings: () => object;
  readonly now: () => number;
}

export function createResourcesRouter({ store, analyze, surroundings, now }: ResourcesRouterDeps) {
  const findings = new FindingsByObject(analyze, surroundings);
  return router({
    list: viewerProcedure
      .input(z.strictObject({ kind: z.string().optional(), namespace: z.string().optional() }).default({}))
      .query(({ input: { kind, namespace } }) => {
        const { state } = store;
        const found = findings.of(state);
        const items = [...state.byKey.values()].filter(
          ({ key, resource }) =>
            (kind === undefined || resource.kind === kind) &&
            (namespace === undefined || key.split('/')[1] === namespace),
        );
        return { revision: state.revision, items: items.map((item) => present(item, found.get(item.key))) };
      }),
    get: viewerProcedure
      .input(
        z.strictObject({
          key: z
            .string()
            .max(512)
            .transform((key) => resourceKeySchema.parse(key)),
        }),
      )
      .query(({ input: { key } }) => {
        const item = store.state.byKey.get(key);
        if (!item) throw new ResourceNotFound(key);
        return present(item, findings.of(store.state).get(key));
      }),
    namespaces: viewerProcedure.query(() => namespacesOf(store.state)),
    validate: viewerProcedure
      .input(z.strictObject({ yaml }))
      .query(({ input }) => validateYaml(input.yaml, store.state, analyze)),
    preview: viewerProcedure
      .input(draft)
      .query(({ input }) =>
        previewDraft(
          { yaml: input.yaml, changes: decodeChanges(input.changes) },
          { state: store.state, analyze, nowMs: now() },
        ),
      ),
    /** An object that is not in `baseRevisions` is one that the author believes to be new. */
    applyChanges: namespacedProcedure('editor')
      .input(
        z.strictObject({
          yaml: yaml.optional(),
          changes: changes.optional(),
          message: messageSchema,
          baseRevisions: baseRevisionsSchema,
        }),
      )
      .mutation(async ({ ctx, input }) => {
        const wanted = changesOf({ yaml: input.yaml, changes: decodeChanges(input.changes) });
        requireWrite(ctx.principal, wanted.map(keyOfChange));
        const { revision, isNew, findings } = await store.apply({
          author: ctx.principal.email,
          message: input.message,
          changes: wanted,
          baseRevisions: input.baseRevisions,
        });
        return { revision, isNew, findings };
      }),
  });
}

/** Throws ResourcesInvalid with the findings of all resources that are not valid. */
export function decodeChanges(input: z.infer<typeof changes> | undefined): Change[] | undefined {
  const invalid: Finding[] = [];
  const decoded = input?.flatMap((change): Change[] => {
    if (change.op === 'delete') return [{ op: 'delete', key: change.key }];
    const result = validateResource(change.resource);
    if (result.ok) return [{ op: 'put', resource: result.resource }];
    invalid.push(...result.findings);
    return [];
  });
  if (invalid.length > 0) throw new ResourcesInvalid(invalid);
  return decoded;
}

/** Every namespace that has an object or is one. */
export function namespacesOf(state: ResourceState): string[] {
  const names = new Set<string>();
  for (const { key, resource } of state.byKey.values()) {
    names.add(resource.kind === 'Namespace' ? resource.metadata.name : (key.split('/')[1] ?? ''));
  }
  return [...names].filter((name) => name !== '').sort();
}

export function present(item: StoredResource, findings: readonly Finding[] = []) {
  const { key, resource, revision, updatedAtMs, updatedBy } = item;
  return {
    ...{ key, kind: resource.kind, namespace: key.split('/')[1] ?? '', name: resource.metadata.name },
    ...{ resource, yaml: toYaml(resource), revision, updatedAtMs, updatedBy, findings: [...findings] },
  };
}

/** The analysis of the newest state, made once and kept until the state or its surroundings change. */
class FindingsByObject {
  readonly #analyze: Analyze;
  readonly #surroundings: () => object;
  #state: ResourceState | undefined;
  #around: object | undefined;
  #byObject: ReadonlyMap<ResourceKey, Finding[]> = new Map();

  constructor(analyze: Analyze, surroundings: () => object) {
    this.#analyze = analyze;
    this.#surroundings = surroundings;
  }

  of(state: ResourceState): ReadonlyMap<ResourceKey, Finding[]> {
    const around = this.#surroundings();
    if (this.#state === state && this.#around === around) return this.#byObject;
    const byObject = new Map<ResourceKey, Finding[]>();
    for (const finding of this.#analyze(resourcesOf(state))) {
      if (finding.object === undefined) continue;
      byObject.set(finding.object, [...(byObject.get(finding.object) ?? []), finding]);
    }
    this.#state = state;
    this.#around = around;
    this.#byObject = byObject;
    return byObject;
  }
}
