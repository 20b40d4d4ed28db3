// The REST routes, the same on the admin socket (without prefix) and under /api/v1.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { BadRequest, readBody, readJson, sendJson } from './http-json.ts';
import type { Caller, Operations } from './operations.ts';

const SMALL_BODY_MAX_BYTES = 64 * 1024;
const YAML_TYPES = ['application/yaml', 'application/x-yaml', 'text/yaml', 'text/plain'];

const page = z.object({
  cursor: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
const PAIR_MAX_BYTES = 160 * 1024;
const stopBody = z.strictObject({ message: z.string().max(2_000).default('') });
const revertBody = z.strictObject({ message: z.string().max(2_000).default('') });

/** True when there was such a route. Throws what the operation throws. */
export async function handleRoute(
  operations: Operations,
  caller: Caller,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<boolean> {
  const { searchParams: query } = url;
  const filter = { kind: query.get('kind') ?? undefined, namespace: query.get('namespace') ?? undefined };
  const [noun = '', ...rest] = url.pathname.slice(1).split('/').map(decode);
  switch (`${request.method} /${noun}${rest.length > 0 ? '/*' : ''}`) {
    case 'GET /status':
      sendJson(response, 200, operations.status());
      return true;
    case 'GET /revision':
      sendJson(response, 200, operations.revision());
      return true;
    case 'GET /ca-pin':
      sendJson(response, 200, operations.caPin());
      return true;
    case 'GET /telemetry/*':
      if (rest[0] !== 'totals') return false;
      sendJson(response, 200, await operations.totals(sinceOf(query.get('sinceMs'))));
      return true;
    case 'POST /join-tokens':
      sendJson(response, 200, await operations.mintJoinToken(caller, await readJson(request, SMALL_BODY_MAX_BYTES)));
      return true;
    case 'POST /apply':
      sendJson(response, 200, await operations.apply(caller, await readApply(request, query)));
      return true;
    case 'GET /resources':
      if (query.get('format') === 'yaml') sendYaml(response, operations.resourcesAsYaml(filter));
      else sendJson(response, 200, operations.resources(filter));
      return true;
    case 'GET /resources/*':
      sendJson(response, 200, operations.resource(rest.join('/')));
      return true;
    case 'GET /experiments':
      sendJson(response, 200, { items: await operations.experiments() });
      return true;
    case 'GET /experiments/*':
      sendJson(response, 200, await operations.experiment(rest.join('/')));
      return true;
    case 'POST /faults/*': {
      if (rest.length !== 3 || rest[2] !== 'stop') return false;
      const { message } = stopBody.parse(await readJson(request, SMALL_BODY_MAX_BYTES));
      sendJson(response, 200, await operations.stopFault(caller, rest.slice(0, 2).join('/'), message));
      return true;
    }
    case 'GET /certificates':
      sendJson(response, 200, { items: operations.certificates() });
      return true;
    case 'PUT /certificates/*':
      if (rest.length !== 2) return false;
      sendJson(
        response,
        200,
        await operations.putCertificate(caller, nameOf(rest), await readJson(request, PAIR_MAX_BYTES)),
      );
      return true;
    case 'DELETE /certificates/*':
      if (rest.length !== 2) return false;
      sendJson(response, 200, await operations.removeCertificate(caller, nameOf(rest), query.get('force') === 'true'));
      return true;
    case 'GET /changes':
      sendJson(response, 200, await operations.changes(page.parse(Object.fromEntries(query))));
      return true;
    case 'GET /changes/*':
      sendJson(response, 200, await operations.change(revisionOf(rest[0])));
      return true;
    case 'POST /changes/*': {
      if (rest[1] !== 'revert') return false;
      const { message } = revertBody.parse(await readJson(request, SMALL_BODY_MAX_BYTES));
      sendJson(response, 200, await operations.revert(caller, revisionOf(rest[0]), message));
      return true;
    }
    default:
      return false;
  }
}

async function readApply(request: IncomingMessage, query: URLSearchParams) {
  const bases = query.get('baseRevisions');
  const common = {
    message: query.get('message') ?? '',
    ...(bases === null ? {} : { baseRevisions: parseJson(bases, 'baseRevisions') }),
  };
  const type = (request.headers['content-type'] ?? 'application/yaml').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json') return { ...common, json: await readJson(request) };
  if (YAML_TYPES.includes(type)) return { ...common, yaml: await readBody(request) };
  throw new BadRequest(`The content type must be application/yaml or application/json, not ${type}.`);
}

function sendYaml(response: ServerResponse, yaml: string): void {
  response.writeHead(200, { 'content-type': 'application/yaml; charset=utf-8', 'cache-control': 'no-store' }).end(yaml);
}

function nameOf([namespace, name]: readonly string[]): unknown {
  return { namespace, name };
}

function sinceOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new BadRequest('sinceMs is a time in milliseconds.');
  return Number(text);
}

function revisionOf(text: string | undefined): number {
  if (text === undefined || !/^\d{1,9}$/.test(text)) throw new BadRequest('A revision is a number.');
  return Number(text);
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequest(`${name} is not JSON.`);
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new BadRequest('The path is not correctly encoded.');
  }
}
