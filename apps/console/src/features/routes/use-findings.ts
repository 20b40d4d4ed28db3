'use client';
// What is wrong with the draft, as you type: syntax at once, the rest from the control plane a moment later.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useDeferredValue, useEffect, useState } from 'react';
import { useTRPC } from '#trpc/client.ts';
import type { Finding } from '#trpc/contract.ts';
import { inPlainWords } from '#trpc/errors.ts';
import type { SyntaxProblem } from './model/view.ts';

const PAUSE_MS = 300;

/** The text as it was when typing last paused. */
export function usePaused(text: string): string {
  const [paused, setPaused] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return paused;
}

export interface Findings {
  readonly findings: readonly Finding[];
  /** False while the newest text has not been judged. */
  readonly isSettled: boolean;
  readonly hasErrors: boolean;
  /** Why the control plane did not judge it, in words. */
  readonly failure: string | undefined;
}

type Readable = { readonly ok: true } | { readonly ok: false; readonly problem: SyntaxProblem };

export function useFindings(text: string, reading: Readable): Findings {
  const trpc = useTRPC();
  const paused = usePaused(useDeferredValue(text));
  const query = useQuery(
    trpc.resources.validate.queryOptions(
      { yaml: paused },
      { enabled: reading.ok, placeholderData: keepPreviousData, staleTime: 30_000 },
    ),
  );
  if (!reading.ok) {
    const { message, line } = reading.problem;
    return {
      findings: [{ code: 'MALHA1001', severity: 'error', path: '', message, line }],
      isSettled: true,
      hasErrors: true,
      failure: undefined,
    };
  }
  const findings = query.data?.findings ?? [];
  return {
    findings,
    isSettled: paused === text && query.data !== undefined && !query.isPlaceholderData,
    hasErrors: findings.some((finding) => finding.severity === 'error'),
    failure: query.isError ? inPlainWords(query.error) : undefined,
  };
}
