'use client';
// The error state of a view that could not be read, with what still works and a way to try again.
import { inPlainWords } from '#trpc/errors.ts';
import { Failure } from './states.tsx';

export interface QueryFailureProps {
  /** What could not be read: "Metrics", "This route". */
  readonly what: string;
  readonly error: unknown;
  readonly onRetry: () => void;
}

export function QueryFailure({ what, error, onRetry }: QueryFailureProps) {
  return (
    <Failure title={`${what} could not be read`} onRetry={onRetry}>
      {inPlainWords(error)}
    </Failure>
  );
}
