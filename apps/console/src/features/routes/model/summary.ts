// What a route or gateway does, in one line of the list.
import { plural } from '#format/number.ts';
import { filtersInWords } from './filters.ts';
import { hasPolicies } from './kinds.ts';
import { listenerInWords } from './listeners.ts';
import type { RouteView } from './view.ts';
import { matchInWords, targetInWords } from './words.ts';

/** `2 rules · header x-debug is v3`, `→ v1 · mirror 25 % to reviews-v2`, `→ ledger`, `1 listener · HTTPS on 443` */
export function summaryOf(view: RouteView): { readonly lead: string; readonly rest: string } {
  if (view.kind === 'Gateway') {
    return { lead: plural(view.listeners.length, 'listener'), rest: view.listeners.map(listenerInWords).join(' · ') };
  }
  if (!hasPolicies(view.kind))
    return { lead: view.rules.map((rule) => `→ ${targetInWords(rule)}`).join(', '), rest: '' };
  const [only] = view.rules;
  if (only !== undefined && view.rules.length === 1 && only.matches.length === 0) {
    const lead = only.backends.length === 0 ? 'answered by the proxy' : `→ ${targetInWords(only)}`;
    return { lead, rest: filtersInWords(only).join(' · ') };
  }
  const matched = view.rules.filter((rule) => rule.matches.length > 0);
  return { lead: plural(view.rules.length, 'rule'), rest: matched.map(matchInWords).join(' · ') };
}
