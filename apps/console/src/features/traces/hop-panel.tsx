'use client';
// One hop of a trace in full: what happened in words, the route and the policy that decided, its tags.
import { ArrowUpRight, Shield, ShieldCheck, Split, X } from 'lucide-react';
import { Badge } from '#components/ui/badge.tsx';
import { IconButton } from '#components/ui/button.tsx';
import { StatusShape, type Tone } from '#components/ui/status-shape.tsx';
import { isPolicyKind, policyHref } from '#features/policies/index.ts';
import { ScopedLink } from '#features/scope/index.ts';
import { duration, inWords } from '#format/number.ts';
import { clockWithMillis } from '#format/time.ts';
import type { Span } from '#trpc/contract.ts';
import { faultDelayOf, type Hop, isPacedByFault } from './hop.ts';
import { protectionOf, storyOf, titleOf } from './hop-words.ts';

const HIDDEN = new Set([
  'http.request.method',
  'http.response.status_code',
  'malha.flags',
  'malha.route',
  'malha.policy',
  'malha.protection',
]);

/** `RateLimit shop/web-limit/readers` */
const PROTECTION = /^(\w+) ([^/\s]+)\/([^/\s]+)(?:\/(.+))?$/;

/** What limited, delayed or refused the call: the way to it is what an operator asks for next. */
function Protection({ text }: { readonly text: string }) {
  const [, kind = '', namespace = '', name = '', part] = PROTECTION.exec(text) ?? [];
  return (
    <li className="flex gap-2">
      <Shield aria-hidden="true" size={12} strokeWidth={2} className="mt-[3px] shrink-0 text-t3" />
      <span>
        By{' '}
        {isPolicyKind(kind) ? (
          <>
            {kind}{' '}
            <ScopedLink href={policyHref(kind, namespace, name)} className="mono link">
              {namespace}/{name}
            </ScopedLink>
            {part !== undefined && (
              <>
                , <span className="mono text-t0">{part}</span>
              </>
            )}
          </>
        ) : (
          <span className="mono text-t0">{text}</span>
        )}
        .
      </span>
    </li>
  );
}

function Tags({ span }: { readonly span: Span }) {
  const own: readonly (readonly [string, string])[] = [
    ['workload', span.workload],
    ['kind', span.kind],
    ['started', clockWithMillis(span.startMs)],
    ...Object.entries(span.attributes)
      .filter(([name, value]) => !HIDDEN.has(name) && value !== '')
      .map(([name, value]) => [name.replace(/^malha\./, ''), String(value)] as const),
  ];
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 text-12">
      {own
        .filter(([, value]) => value !== '')
        .map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-t3">{name}</dt>
            <dd className="mono break-all">{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function toneOf(hop: Hop): Tone {
  if (hop.isFailed) return 'err';
  if (hop.isMadeGood) return 'warn';
  if (hop.kind === 'backoff' || hop.kind === 'fault') return 'info';
  return hop.isGivenUp ? 'unknown' : 'ok';
}

/** Between what the caller's proxy saw and what the callee's did, but for what the caller's kept back by itself. */
function betweenProxies(call: Span, span: Span): string {
  return inWords(duration(Math.max(0, call.durationMs - span.durationMs - faultDelayOf(call))));
}

export function HopPanel({ hop, onClose }: { readonly hop: Hop; readonly onClose: () => void }) {
  const spans = hop.call === null ? [hop.span] : [hop.span, hop.call];
  const title = titleOf(hop);
  // The proxy of the callee limits, the one of the caller retries and injects: either may say it.
  const protection = protectionOf(hop) || textOf(hop.span.attributes['malha.protection']);
  const route = hop.call?.route || hop.span.route;
  const policy = spans.find((span) => span.policy !== '')?.policy;
  const [namespace, name] = route.split('/');
  return (
    <aside
      aria-label="Selected span"
      className="flex min-h-0 w-[340px] shrink-0 flex-col border-line border-l bg-panel"
      data-testid="span-panel"
    >
      <div className="flex items-start gap-2 border-line border-b px-4 py-3">
        <StatusShape tone={toneOf(hop)} size={14} className="mt-[3px]" label={hop.isFailed ? 'failed' : 'not failed'} />
        <div className="min-w-0 flex-1">
          <h2 className="mono truncate font-medium text-t0">{title.name}</h2>
          <p className="truncate text-12 text-t3">
            {hop.kind === 'call' ? title.rest : `${hop.service} ${hop.span.name}`} · {inWords(duration(hop.durationMs))}
          </p>
        </div>
        <IconButton label="Close" kind="ghost" size="s" onClick={onClose}>
          <X aria-hidden="true" />
        </IconButton>
      </div>
      <div className="grid min-h-0 content-start gap-4 overflow-auto px-4 py-3 text-12 leading-[18px]">
        <section>
          <h3 className="mb-2 font-semi text-t0">What happened</h3>
          <ul className="grid gap-2">
            {storyOf(hop).map(({ tone, flag, words }) => (
              <li key={`${flag ?? ''} ${words}`} className="flex gap-2">
                <StatusShape tone={tone} label="" className="mt-[3px]" />
                <span>
                  {flag !== undefined && (
                    <Badge tone={tone} mono>
                      {flag}
                    </Badge>
                  )}{' '}
                  {words}
                </span>
              </li>
            ))}
            {protection !== '' && <Protection text={protection} />}
            {policy !== undefined && (
              <li className="flex gap-2">
                <ShieldCheck aria-hidden="true" size={12} strokeWidth={2} className="mt-[3px] shrink-0 text-t3" />
                <span>
                  Decided by policy <span className="mono text-t0">{policy}</span>.
                </span>
              </li>
            )}
          </ul>
        </section>
        {route !== '' && namespace !== undefined && name !== undefined && (
          <section>
            <h3 className="mb-2 font-semi text-t0">Route that matched</h3>
            <ScopedLink
              href={`/routes/${namespace}/${name}`}
              className="flex items-center gap-2 rounded-3 border border-control bg-raised px-3 py-2 hover:border-strong"
            >
              <Split aria-hidden="true" size={14} strokeWidth={1.75} className="shrink-0 text-t3" />
              <span className="min-w-0 flex-1 truncate">
                <span className="mono text-t0">
                  {namespace}/{name}
                </span>{' '}
                <span className="text-t3">rule</span> <span className="mono">{route.split('/')[2] ?? 'default'}</span>
              </span>
              <ArrowUpRight aria-hidden="true" size={14} className="shrink-0 text-t2" />
            </ScopedLink>
          </section>
        )}
        <section>
          <h3 className="mb-2 font-semi text-t0">Tags</h3>
          <Tags span={hop.span} />
        </section>
        {hop.call !== null && hop.kind !== 'backoff' && hop.kind !== 'fault' && (
          <section>
            <h3 className="mb-2 font-semi text-t0">As the caller {hop.call.service} saw it</h3>
            <p className="mb-1.5">
              {hop.call.status === 0 ? 'no answer' : hop.call.status} after {inWords(duration(hop.call.durationMs))};{' '}
              {betweenProxies(hop.call, hop.span)} of that{' '}
              {isPacedByFault(hop.call) ? 'by the fault and between the two proxies' : 'between the two proxies'}.
            </p>
          </section>
        )}
      </div>
    </aside>
  );
}
