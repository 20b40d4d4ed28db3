'use client';
// The experiments of the mesh, newest first: what was tried on whom, and whether the hypothesis held.
import { Badge } from '#components/ui/badge.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { ScopedLink } from '#features/scope/index.ts';
import { momentWithSeconds } from '#format/time.ts';
import { inPlainWords } from '#trpc/errors.ts';
import { standingOf } from './experiment-words.ts';
import { type Experiment, useExperiments } from './use-experiments.ts';

const SHOWN_MAX = 8;

function Item({ experiment }: { readonly experiment: Experiment }) {
  const { id, namespace, name, target, effects, startedAtMs, reason } = experiment;
  const { tone, word } = standingOf(experiment);
  return (
    <li className="border-line border-t px-4 py-2.5 text-12" data-testid={`experiment-${namespace}-${name}`}>
      <p className="flex items-center gap-2">
        <ScopedLink href={`/resilience/experiments/${id}`} className="mono min-w-0 truncate text-t0 hover:underline">
          {name}
        </ScopedLink>
        <Badge tone={tone} shape>
          {word}
        </Badge>
        <span className="ml-auto whitespace-nowrap text-11 text-t3">{momentWithSeconds(startedAtMs, Date.now())}</span>
      </p>
      <p className="truncate text-t2" title={reason}>
        {effects.join(', ')} on <span className="mono">{target.name}</span>
      </p>
    </li>
  );
}

export function ExperimentsPanel() {
  const { data, error } = useExperiments();
  return (
    <Panel className="overflow-hidden" title="Experiments" beside={data !== undefined && <Badge>{data.length}</Badge>}>
      {data !== undefined && data.length > 0 ? (
        <ul>
          {data.slice(0, SHOWN_MAX).map((experiment) => (
            <Item key={experiment.id} experiment={experiment} />
          ))}
        </ul>
      ) : (
        <p className="border-line border-t px-4 py-3 text-12 text-t2">
          {error !== null && data === undefined
            ? `Not known: ${inPlainWords(error)}`
            : 'A fault with a hypothesis is an experiment: it is measured before, during and after, and its verdict and report stand here.'}
        </p>
      )}
    </Panel>
  );
}
