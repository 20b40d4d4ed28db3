'use client';
// What is wrong with one field, shown where it is typed: findings of the control plane by their path.
import { createContext, type ReactNode, use, useMemo } from 'react';
import type { Finding } from '#trpc/contract.ts';
import { isEditedKind } from '../model/kinds.ts';

interface Context {
  readonly findings: readonly Finding[];
  readonly kind: string | undefined;
}

const Findings = createContext<Context>({ findings: [], kind: undefined });

export interface FieldFindingsProps {
  readonly findings: readonly Finding[];
  /** Of the first document; undefined = a route or a gateway. */
  readonly kind?: string;
  readonly children: ReactNode;
}

export function FieldFindings({ findings, kind, children }: FieldFindingsProps) {
  const context = useMemo(() => ({ findings, kind }), [findings, kind]);
  return <Findings value={context}>{children}</Findings>;
}

export interface FieldPlace {
  /** `HTTPRoute`, `RoutePolicy`, … */
  readonly kind: string;
  /** Of the object; undefined = whichever of its kind the text holds. */
  readonly name?: string | undefined;
  /** `spec.rules[0].timeouts.request`; fields under it count too. */
  readonly path: string;
}

function isUnder(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`);
}

export function findingAt(
  findings: readonly Finding[],
  { kind, name, path }: FieldPlace,
  firstKind?: string,
): Finding | undefined {
  const here = findings.filter(({ object, path: at }) => {
    if (!isUnder(at, path)) return false;
    // Findings without an object are of the first document.
    if (object === undefined) return firstKind === undefined ? isEditedKind(kind) : kind === firstKind;
    const [ofKind, , ofName] = object.split('/');
    return ofKind === kind && (name === undefined || ofName === name);
  });
  return here.find(({ severity }) => severity === 'error') ?? here[0];
}

export function useFindingAt(place: FieldPlace): Finding | undefined {
  const { findings, kind } = use(Findings);
  return findingAt(findings, place, kind);
}

/** The path is known from where it stands, so the words begin after it. */
export function wordsOf({ message, path }: Pick<Finding, 'message' | 'path'>): string {
  return path !== '' && message.startsWith(`${path} `) ? message.slice(path.length + 1) : message;
}

export function FieldFinding({ place }: { readonly place: FieldPlace }) {
  const finding = useFindingAt(place);
  if (finding === undefined || finding.severity === 'info') return null;
  const tone = finding.severity === 'error' ? 'text-err-text' : 'text-warn-text';
  return (
    <p role="alert" className={`w-full text-11 leading-4 ${tone}`} data-testid="field-finding">
      {wordsOf(finding)}
    </p>
  );
}
