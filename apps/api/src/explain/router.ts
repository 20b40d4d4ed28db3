// tRPC: what would happen to a request.
import { parseResources } from '@malha/model';
import type { World } from '@malha/policies';
import { parseAddress } from '@malha/traffic/ip-block';
import { z } from 'zod';
import { ResourcesInvalid } from '../resources/errors.ts';
import type { ServiceTraffic } from '../telemetry/index.ts';
import { router, viewerProcedure } from '../trpc/init.ts';
import { explainConnectionCall } from './connection.ts';
import { explainCall } from './explain.ts';
import { impactOf } from './impact.ts';
import type { RequestOrigin } from './origin.ts';

const label = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'must be a name');

const port = z.int().min(1).max(65_535);
const address = z
  .string()
  .max(45)
  .refine((value) => parseAddress(value) !== undefined, 'must be an IP address');
const country = z.string().regex(/^[A-Z]{2}$/, 'must be a code of two capital letters');

/** Within the mesh TLS is the proxies' own. */
const MESH_ADDRESS = /^http:\/\/([^/?#]+)([^#]*)$/i;
const EDGE_ADDRESS = /^https?:\/\/([^/?#]+)([^#]*)$/i;

const request = z
  .strictObject({
    /** Draft resources that stand in for those with the same key. */
    yaml: z
      .string()
      .max(2 * 1024 * 1024)
      .optional(),
    /** One of the two. */
    caller: z.strictObject({ namespace: label, workload: label.optional() }).optional(),
    gateway: z.strictObject({ namespace: label, name: label, port }).optional(),
    /** What is known of who connects; a country only of clients of a gateway. */
    client: z.strictObject({ address: address.optional(), country: country.optional() }).optional(),
    method: z.string().regex(/^[A-Za-z!#$%&'*+.^_`|~0-9-]{1,32}$/, 'must be a method'),
    /** `http://reviews:9080/path?query`, or authority and path apart. */
    url: z.string().max(8_192).optional(),
    authority: z.string().min(1).max(300).optional(),
    path: z.string().startsWith('/').max(8_192).optional(),
    headers: z
      .array(z.strictObject({ name: z.string().min(1).max(200), value: z.string().max(8_192) }))
      .max(100)
      .default([]),
  })
  .transform((value, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    const target = targetOf(value, value.gateway === undefined ? MESH_ADDRESS : EDGE_ADDRESS);
    const from = originOf(value);
    if (target === undefined) refuse('url', 'must be an http address, or authority and path');
    if (from === undefined) refuse('caller', 'is required, or else gateway, and not both');
    if (from?.type === 'workload' && value.client?.country !== undefined)
      refuse('client', 'has a country only when it calls a gateway');
    return target && from ? { ...value, ...target, from } : z.NEVER;
  });

const connection = z.strictObject({
  yaml: z
    .string()
    .max(2 * 1024 * 1024)
    .optional(),
  from: z.strictObject({ type: z.enum(['workload', 'gateway']), namespace: label, name: label }),
  port,
  serverName: z.string().max(253).default(''),
});

const impact = z.strictObject({
  yaml: z.string().max(2 * 1024 * 1024),
  service: z.strictObject({ namespace: label, name: label }),
});

/** The recorded calls that a draft is tried on. */
const IMPACT_SECONDS = 300;

export interface ExplainRouterDeps {
  readonly world: () => World;
  readonly traffic: (service: { namespace: string; name: string }, seconds: number) => Promise<ServiceTraffic>;
}

export function createExplainRouter({ world, traffic }: ExplainRouterDeps) {
  return router({
    request: viewerProcedure.input(request).query(({ input }) => {
      const draft = input.yaml === undefined ? undefined : parseResources(input.yaml);
      if (draft && draft.errors.length > 0) throw new ResourcesInvalid(draft.errors);
      return explainCall(world(), input, draft?.resources);
    }),
    /** Where a connection of bytes goes; null when there is no such workload. */
    connection: viewerProcedure.input(connection).query(({ input }) => {
      const draft = input.yaml === undefined ? undefined : parseResources(input.yaml);
      if (draft && draft.errors.length > 0) throw new ResourcesInvalid(draft.errors);
      return explainConnectionCall(world(), input, draft?.resources) ?? null;
    }),
    /** What a draft would do to the calls of the last minutes. */
    impact: viewerProcedure.input(impact).query(async ({ input: { yaml, service } }) => {
      const draft = parseResources(yaml);
      if (draft.errors.length > 0) throw new ResourcesInvalid(draft.errors);
      const recorded = await traffic(service, IMPACT_SECONDS);
      return impactOf({ world: world(), draft: draft.resources, service, traffic: recorded });
    }),
  });
}

interface From {
  readonly caller?: { readonly namespace: string; readonly workload?: string | undefined } | undefined;
  readonly gateway?: { readonly namespace: string; readonly name: string; readonly port: number } | undefined;
  readonly client?: { readonly address?: string | undefined; readonly country?: string | undefined } | undefined;
}

function originOf({ caller, gateway, client = {} }: From): RequestOrigin | undefined {
  if (gateway !== undefined) return caller === undefined ? { type: 'gateway', ...gateway, ...client } : undefined;
  return caller === undefined ? undefined : { type: 'workload', ...caller, address: client.address };
}

interface Target {
  readonly url?: string | undefined;
  readonly authority?: string | undefined;
  readonly path?: string | undefined;
}

function targetOf({ url, authority, path }: Target, address: RegExp): { authority: string; path: string } | undefined {
  if (url === undefined) return authority === undefined ? undefined : { authority, path: path ?? '/' };
  const [, host, rest = ''] = address.exec(url) ?? [];
  return host === undefined ? undefined : { authority: host, path: rest.startsWith('/') ? rest : `/${rest}` };
}
