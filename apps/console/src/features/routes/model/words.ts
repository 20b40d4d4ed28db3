// Rules and changes in plain words, for the list of rules and the message of a revision.

import type { BackendView, Condition, RouteView, RuleView } from './view.ts';
import { sharesOf } from './weights.ts';

const subjects = { path: 'path', method: 'method', header: 'header', query: 'query', rpc: 'method' };

export function conditionInWords({ kind, type, name, value }: Condition): string {
  if (kind === 'rpc') {
    const how = type === 'RegularExpression' ? 'matches' : 'is';
    return value === '' ? `service ${how} ${name}` : `method ${how} ${name === '' ? '' : `${name}/`}${value}`;
  }
  const subject = kind === 'header' || kind === 'query' ? name : subjects[kind];
  const verb = type === 'PathPrefix' ? 'begins with' : type === 'RegularExpression' ? 'matches' : 'is';
  return `${subject} ${verb} ${value}`;
}

/** `reviews-v2` of service `reviews` is `v2`. */
export function versionOf(backend: Pick<BackendView, 'kind' | 'name'>): string {
  return backend.kind === 'ServiceVersion' ? backend.name.slice(backend.name.lastIndexOf('-') + 1) : backend.name;
}

export function serviceOf(backend: Pick<BackendView, 'kind' | 'name'>): string {
  return backend.kind === 'ServiceVersion' ? backend.name.slice(0, backend.name.lastIndexOf('-')) : backend.name;
}

export function matchInWords(rule: RuleView): string {
  if (rule.matches.length === 0) return 'everything else';
  return rule.matches.map((match) => match.map(conditionInWords).join(' and ')).join(', or ');
}

export function targetInWords(rule: RuleView): string {
  const [only, ...more] = rule.backends;
  if (only === undefined) return 'nowhere';
  if (more.length === 0) return versionOf(only);
  const shares = sharesOf(rule.backends.map((backend) => backend.weight));
  return shares.map((share) => Math.round(share)).join(' / ');
}

const keepers: Readonly<Record<string, string>> = {
  cookie: 'Users with the same cookie',
  header: 'Requests with the same header',
  claim: 'Users with the same claim',
  source: 'Calls of the same identity',
};

/** What raising the share of the version that is smallest now does to those who are there already. */
export function cohortSentence(rule: RuleView, key: string): string {
  const shares = sharesOf(rule.backends.map((backend) => backend.weight));
  const least = shares.reduce((best, share, index) => (share < (shares[best] ?? 100) ? index : best), 0);
  const backend = rule.backends[least];
  if (backend === undefined || rule.backends.length < 2) return 'With one version there is nothing to split.';
  const version = versionOf(backend);
  const share = Math.round(shares[least] ?? 0);
  const keeper = keepers[key];
  if (keeper === undefined) {
    return `Each request is drawn anew: raising ${version} above ${share} % gives every user a larger chance of it.`;
  }
  return `${keeper} stay on one version: raising ${version} above ${share} % moves only new ones to it, and nobody back.`;
}

function splitInWords(rule: RuleView): string {
  const shares = sharesOf(rule.backends.map((backend) => backend.weight));
  return rule.backends.map((backend, index) => `${versionOf(backend)} ${Math.round(shares[index] ?? 0)} %`).join(', ');
}

/** A message for the revision, proposed from what changed. */
export function proposeMessage(before: RouteView | null, after: RouteView): string {
  if (before === null) return `${after.name}: new route`;
  const byName = new Map(before.rules.map((rule) => [rule.name, rule]));
  const added = after.rules.filter((rule) => !byName.has(rule.name));
  const removed = before.rules.filter((rule) => !after.rules.some((other) => other.name === rule.name));
  if (added.length > 0) return `${after.name}: add rule ${added.map((rule) => rule.name).join(', ')}`;
  if (removed.length > 0) return `${after.name}: remove rule ${removed.map((rule) => rule.name).join(', ')}`;
  const split = after.rules.find((rule) => {
    const old = byName.get(rule.name);
    return old !== undefined && splitInWords(old) !== splitInWords(rule);
  });
  if (split !== undefined) return `${after.name}: ${splitInWords(split)}`;
  const changed = after.rules.find((rule) => {
    const old = byName.get(rule.name);
    return (
      old !== undefined &&
      JSON.stringify({ ...old, line: 0, endLine: 0, index: 0 }) !==
        JSON.stringify({ ...rule, line: 0, endLine: 0, index: 0 })
    );
  });
  return changed === undefined
    ? `${after.name}: edit`
    : `${after.name}: change rule ${changed.name || changed.index + 1}`;
}
