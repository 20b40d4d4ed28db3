// Rewrites in Envoy's terms: its prefix_rewrite puts text for text, the Gateway API's prefixes are path elements.
import type { PathMatch, Rewrite } from '@malha/traffic';
import { WHOLE_PATH_PATTERN } from '@malha/xds/extension-names';
import { literalSubstitution } from '../shared/actions.ts';

export function rewriteFields(rewrite: Rewrite | undefined, matched: PathMatch) {
  if (rewrite === undefined) return {};
  return {
    ...(rewrite.host !== undefined && {
      hostRewriteSpecifier: { case: 'hostRewriteLiteral' as const, value: rewrite.host },
    }),
    ...(rewrite.path?.type === 'full' && substitute(WHOLE_PATH_PATTERN, rewrite.path.value)),
    ...(rewrite.path?.type === 'prefix' && prefixFields(rewrite.path.value, matched)),
  };
}

function prefixFields(value: string, matched: PathMatch) {
  const regexRewrite = prefixSubstitution(value, matched);
  return regexRewrite === undefined ? {} : { regexRewrite };
}

/** What replaces the matched prefix; undefined when the path stays as it is. */
export function prefixSubstitution(value: string, matched: PathMatch) {
  if (matched.type !== 'prefix') return undefined;
  const prefix = matched.value.replace(/\/+$/, '');
  const replacement = value.replace(/\/+$/, '');
  // `/a` to `/`: `/a/b` becomes `/b`, not `//b`, and `/a` becomes `/`.
  if (replacement === '') return prefix === '' ? undefined : substitution(`^${escaped(prefix)}/*`, '/');
  // `/` to `/x`: `/b` becomes `/x/b`.
  if (prefix === '') return substitution('^/', `${replacement}/`);
  return substitution(`^${escaped(prefix)}`, replacement);
}

function substitute(regex: string, text: string) {
  return { regexRewrite: substitution(regex, text) };
}

function substitution(regex: string, text: string) {
  return { pattern: { regex }, substitution: literalSubstitution(text) };
}

/** For RE2. */
export function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
