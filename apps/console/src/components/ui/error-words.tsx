'use client';
// The error state of a view that could not be read, with what still works and what to do next.
import type { ReactNode } from 'react';
import { inPlainWords, isNotFound } from '#trpc/errors.ts';
import { Failure } from './states.tsx';

export interface QueryFailureProps {
  /** What could not be read: "Metrics", "This route". */
  readonly what: string;
  readonly error: unknown;
  readonly onRetry: () => void;
  /** Of an object that is applied: links for the case that it is not there, where another try would find nothing either. */
  readonly elsewhere?: ReactNode;
}

export function QueryFailure({ what, error, onRetry, elsewhere }: QueryFailureProps) {
  if (isNotFound(error))
    return (
      <Failure title={`${what} is not there`} elsewhere={elsewhere}>
        {inPlainWords(error)}
        {elsewhere !== undefined && ' It was deleted, or never applied.'}
      </Failure>
    );
  return (
    <Failure title={`${what} could not be read`} onRetry={onRetry}>
      {inPlainWords(error)}
    </Failure>
  );
}
