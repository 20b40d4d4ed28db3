// HTTPRoute matches: path, headers, query parameters and method, as the Gateway API validates them.
import { RE2JS } from 're2js';
import { z } from 'zod';
import { headerName } from './scalars.ts';

const PATH_CHARACTERS = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$/;
/** Bound on the compiled size of a regular expression, in RE2 instructions. */
const REGEX_PROGRAM_MAX = 1000;

/** Why a regular expression (RE2 syntax) cannot be used, or undefined. */
export function regexProblem(pattern: string): string | undefined {
  try {
    const size = RE2JS.compile(pattern).programSize();
    return size > REGEX_PROGRAM_MAX
      ? `is too complex (${size} of at most ${REGEX_PROGRAM_MAX} instructions)`
      : undefined;
  } catch (error) {
    return `is not a valid RE2 regular expression: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Why a path of type Exact or PathPrefix is refused by the Gateway API, or undefined. */
export function pathProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return 'must begin with "/"';
  for (const part of ['//', '/./', '/../', '%2f', '%2F', '#']) {
    if (path.includes(part)) return `must not contain "${part}"`;
  }
  for (const end of ['/..', '/.']) if (path.endsWith(end)) return `must not end with "${end}"`;
  return PATH_CHARACTERS.test(path) ? undefined : 'has a character that a path may not have';
}

const pathMatch = z
  .strictObject({
    type: z.enum(['Exact', 'PathPrefix', 'RegularExpression']).optional(),
    value: z.string().min(1).max(1024).optional(),
  })
  .superRefine((match, context) => {
    const value = match.value ?? '/';
    const problem = match.type === 'RegularExpression' ? regexProblem(value) : pathProblem(value);
    if (problem !== undefined) context.addIssue({ code: 'custom', path: ['value'], message: problem });
  });

function checkRegex(
  match: { readonly type?: string | undefined; readonly value: string },
  context: z.core.$RefinementCtx,
): void {
  const problem = match.type === 'RegularExpression' ? regexProblem(match.value) : undefined;
  if (problem !== undefined) context.addIssue({ code: 'custom', path: ['value'], message: problem });
}

const matchType = z.enum(['Exact', 'RegularExpression']).optional();

const headerMatch = z
  .strictObject({ type: matchType, name: headerName, value: z.string().min(1).max(4096) })
  .superRefine(checkRegex);

const queryParamMatch = z
  .strictObject({ type: matchType, name: headerName, value: z.string().min(1).max(1024) })
  .superRefine(checkRegex);

export const httpMethod = z.enum(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']);

export const httpRouteMatch = z.strictObject({
  path: pathMatch.optional(),
  headers: z.array(headerMatch).max(16).optional(),
  queryParams: z.array(queryParamMatch).max(16).optional(),
  method: httpMethod.optional(),
});
export type HttpRouteMatch = z.infer<typeof httpRouteMatch>;
