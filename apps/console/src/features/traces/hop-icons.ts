// The icons of rows that are no call of their own.
import { FlaskConical, Hourglass, type LucideIcon, Repeat2, Split } from 'lucide-react';
import { attemptOf, type Hop } from './hop.ts';

export type HopIconKind = 'attempt' | 'hedge' | 'backoff' | 'fault';

export const HOP_ICONS: Readonly<Record<HopIconKind, LucideIcon>> = {
  attempt: Repeat2,
  hedge: Split,
  backoff: Hourglass,
  fault: FlaskConical,
};

/** Undefined: a call. */
export function iconKindOf(hop: Hop): HopIconKind | undefined {
  if (hop.kind === 'call') return undefined;
  if (hop.kind !== 'attempt') return hop.kind;
  return attemptOf(hop.call ?? hop.span)?.isHedge === true ? 'hedge' : 'attempt';
}
