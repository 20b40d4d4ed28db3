// Rewrites in the fields that Envoy's route action has for them; our proxy reads prefixes as path elements.
import type { Rewrite } from '@malha/traffic';
import { WHOLE_PATH_PATTERN } from '@malha/xds/extension-names';
import { literalSubstitution } from '../shared/actions.ts';

export function rewriteFields(rewrite: Rewrite | undefined) {
  if (rewrite === undefined) return {};
  const { host, path } = rewrite;
  return {
    ...(host !== undefined && { hostRewriteSpecifier: { case: 'hostRewriteLiteral' as const, value: host } }),
    ...(path?.type === 'prefix' && { prefixRewrite: path.value || '/' }),
    ...(path?.type === 'full' && {
      regexRewrite: { pattern: { regex: WHOLE_PATH_PATTERN }, substitution: literalSubstitution(path.value) },
    }),
  };
}
