// Reads what the control plane says about a failure: code, findings, conflict; and puts it in words.
import { TRPCClientError } from '@trpc/client';
import type { Conflict, Finding } from './contract.ts';

interface FailureData {
  readonly code?: string;
  readonly httpStatus?: number;
  readonly malhaCode?: string;
  readonly findings?: readonly Finding[];
  readonly conflict?: Conflict;
  readonly conflicts?: readonly Conflict[];
}

function dataOf(error: unknown): FailureData {
  if (error instanceof TRPCClientError && typeof error.data === 'object' && error.data !== null) {
    return error.data as FailureData;
  }
  return {};
}

export function findingsOf(error: unknown): readonly Finding[] {
  return dataOf(error).findings ?? [];
}

export function conflictsOf(error: unknown): readonly Conflict[] {
  const data = dataOf(error);
  return data.conflicts ?? (data.conflict === undefined ? [] : [data.conflict]);
}

export function isSignedOut(error: unknown): boolean {
  return dataOf(error).code === 'UNAUTHORIZED';
}

export function isNotFound(error: unknown): boolean {
  return dataOf(error).code === 'NOT_FOUND';
}

/** A refusal by the control plane will be the same next time; a lost connection may not. */
export function isWorthRetrying(error: unknown): boolean {
  const { httpStatus } = dataOf(error);
  return httpStatus === undefined || httpStatus >= 500;
}

export function inPlainWords(error: unknown): string {
  const data = dataOf(error);
  if (data.code === undefined) return 'The control plane did not answer. Traffic is not affected.';
  if (data.code === 'FORBIDDEN') return 'Your role does not allow this.';
  return error instanceof Error ? error.message : 'The control plane refused this.';
}
