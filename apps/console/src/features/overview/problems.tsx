'use client';
// What is wrong, in words, each with the link that acts on it.
import { Undo2, Workflow } from 'lucide-react';
import { Badge } from '#components/ui/badge.tsx';
import { ButtonLink } from '#components/ui/button.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { ScopedLink, useScope } from '#features/scope/index.ts';
import { clock } from '#format/time.ts';
import type { Problem } from '#trpc/contract.ts';

function ProblemRow({ problem, isFirst }: { readonly problem: Problem; readonly isFirst: boolean }) {
  const scope = useScope();
  return (
    <li className="flex items-center gap-2.5 border-line border-t py-2.5 pr-3 pl-4 first:border-t-0">
      <StatusShape tone={problem.severity} size={14} className="mt-[3px] self-start" />
      <div className="min-w-0 flex-1">
        <h3 className="text-13 font-medium text-t0">{problem.title}</h3>
        <p className="text-12 leading-[18px] text-t2">
          {problem.sinceMs !== undefined && `Since ${clock(problem.sinceMs)}. `}
          {problem.detail}
          {problem.revision !== undefined && (
            <>
              {' '}
              <ScopedLink href={`/changes/${problem.revision}`} className="link mono">
                r{problem.revision}
              </ScopedLink>
            </>
          )}
        </p>
      </div>
      <ButtonLink href={scope.href(problem.link)}>
        <Workflow aria-hidden="true" strokeWidth={1.75} />
        See it
      </ButtonLink>
      {problem.revision !== undefined && (
        <ButtonLink href={scope.href(`/changes/${problem.revision}`)} kind={isFirst ? 'primary' : 'default'}>
          <Undo2 aria-hidden="true" strokeWidth={1.75} />
          Take back r{problem.revision}
        </ButtonLink>
      )}
    </li>
  );
}

export function Problems({ problems }: { readonly problems: readonly Problem[] }) {
  const failing = problems.filter((problem) => problem.severity === 'err').length;
  const toWatch = problems.length - failing;
  return (
    <Panel
      title="Problems"
      beside={
        <>
          {failing > 0 && (
            <Badge tone="err" shape>
              {failing} failing
            </Badge>
          )}
          {toWatch > 0 && (
            <Badge tone="warn" shape>
              {toWatch} to watch
            </Badge>
          )}
        </>
      }
    >
      {problems.length === 0 ? (
        <p className="flex items-center gap-2.5 px-4 py-3 text-12 text-t2">
          <StatusShape tone="ok" size={14} label="" />
          Nothing fails, nothing is behind, no certificate is about to end.
        </p>
      ) : (
        <ul>
          {problems.map((problem, index) => (
            <ProblemRow key={`${problem.title}-${problem.link}`} problem={problem} isFirst={index === 0} />
          ))}
        </ul>
      )}
    </Panel>
  );
}
