'use client';
// What the engine says about a tested request: each rule's verdict, the winner, its backends, who lets it in.
import { ArrowRight } from 'lucide-react';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { findingsOf, inPlainWords } from '#trpc/errors.ts';
import { backendLine, type Explained, ruleLines } from './explain-words.ts';
import { type TestedRequest, useExplanation } from './use-explanation.ts';

export function Verdicts({ explanation, own }: { readonly explanation: Explained; readonly own: string }) {
  const rules = ruleLines(explanation, own);
  const row = 'grid grid-cols-[12px_112px_minmax(0,1fr)] items-start gap-x-2.5 leading-[18px]';
  return (
    <ol className="grid gap-1.5 text-12" aria-live="polite" data-testid="explanation">
      {explanation.virtualHost === undefined && (
        <li className={row}>
          <StatusShape tone="err" label="" className="mt-[3px]" />
          <span className="col-span-2">{explanation.hostWords}</span>
        </li>
      )}
      {rules.map((rule) => {
        const isWinner = rule.verdict === 'winner';
        return (
          <li key={rule.route} className={row} data-verdict={rule.verdict}>
            <StatusShape tone={isWinner ? 'ok' : 'unknown'} label="" className="mt-[3px]" />
            <span className={`mono truncate ${isWinner ? 'font-medium text-t0' : 'text-t2'}`} title={rule.route}>
              {rule.name}
            </span>
            <span className={isWinner ? 'text-t1' : 'text-t2'}>{rule.words}</span>
          </li>
        );
      })}
      {explanation.backends.length === 0 && explanation.virtualHost !== undefined && (
        <li className={row}>
          <ArrowRight aria-hidden="true" size={12} className="mt-[3px] text-t3" />
          <span className="col-span-2 text-t1">{explanation.actionWords}</span>
        </li>
      )}
      {explanation.backends.map((backend) => {
        const line = backendLine(backend);
        return (
          <li key={line.id} className={row}>
            {line.isSound || backend.share === 0 ? (
              <ArrowRight aria-hidden="true" size={12} className="mt-[3px] text-t3" />
            ) : (
              <StatusShape tone="err" label="" className="mt-[3px]" />
            )}
            <span className="mono truncate font-medium text-t0">{line.name}</span>
            <span className="text-t2">
              <b className="font-medium text-t0">{line.share}</b> · {line.words}
            </span>
          </li>
        );
      })}
      {explanation.quarantined.map((finding) => (
        <li key={`${finding.code}-${finding.path}`} className={row}>
          <StatusShape tone="warn" label="" className="mt-[3px]" />
          <span className="col-span-2">
            <span className="mono text-warn-text">{finding.code}</span> {finding.message}
          </span>
        </li>
      ))}
    </ol>
  );
}

export function Answer({
  asked,
  yaml,
  own,
}: {
  readonly asked: TestedRequest;
  readonly yaml: string | undefined;
  readonly own: string;
}) {
  const { data, error, isPending } = useExplanation(asked, yaml);
  if (error !== null) return <AnswerFailure words={findingsOf(error)[0]?.message ?? inPlainWords(error)} />;
  if (isPending) return <p className="text-12 text-t2">Asking the engine</p>;
  return <Verdicts explanation={data} own={own} />;
}

export function AnswerFailure({ words }: { readonly words: string }) {
  return (
    <p role="alert" className="flex gap-2 text-12 text-err-text">
      <StatusShape tone="err" label="" className="mt-0.5" />
      {words}
    </p>
  );
}
