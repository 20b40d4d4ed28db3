'use client';
// The editor of a policy: form and YAML on one draft; nothing is sent until Apply.
import { useState } from 'react';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { Failure } from '#components/ui/states.tsx';
import { useMeshStatus } from '#features/mesh-status/index.ts';
import {
  ApplyBar,
  BrokenNote,
  EditorLoading,
  ElsewhereLinks,
  FieldFindings,
  LazyConflictDialog,
  panesOf,
  useApply,
  useEditorKeys,
  useFindings,
  useHindrance,
  useSoundView,
  useUnsavedGuard,
  YamlPane,
} from '#features/routes/index.ts';
import { useViewParameter } from '#features/scope/index.ts';
import { useSession } from '#features/session/index.ts';
import { isPolicyKind, KIND_FACTS, POLICY_KINDS, type PolicyKind } from '../model/kinds.ts';
import { proposeMessage } from '../model/policy-words.ts';
import { type PolicyDraft, usePolicyDraft } from '../use-policy.ts';
import { LazyPolicyForm } from './lazy-policy-form.tsx';
import { PolicyHead } from './policy-head.tsx';

const COLUMNS = {
  both: 'grid-cols-[260px_minmax(0,1fr)_minmax(380px,460px)] max-[1359px]:grid-cols-[216px_minmax(0,1fr)_376px]',
  form: 'grid-cols-[260px_minmax(0,1fr)]',
  yaml: 'grid-cols-1',
};

interface EditorProps {
  readonly kind: PolicyKind;
  readonly namespace: string;
  readonly name: string;
  readonly resourceKey: string;
  readonly draft: PolicyDraft;
}

function Editor({ kind, namespace, name, resourceKey, draft }: EditorProps) {
  const { may } = useSession();
  const { role } = KIND_FACTS[kind];
  const [panesText, setPanes] = useViewParameter('panes', 'both');
  const panes = panesOf(panesText);
  const [litLine, setLitLine] = useState<number>();
  const [message, setMessage] = useState('');
  const status = useMeshStatus();
  const findings = useFindings(draft.text, draft.reading);
  const work = useApply(resourceKey, draft);
  const hindrance = useHindrance(findings, role);
  const view = useSoundView(draft);
  const proposal = view === null ? '' : proposeMessage(draft.baseView, view);
  const apply = () => {
    if (!draft.isChanged || hindrance !== undefined || work.isApplying) return;
    work.apply(message.trim() || proposal);
    setMessage('');
  };
  useEditorKeys(draft, apply);
  useUnsavedGuard(draft, draft.baseView?.name);
  const { reading } = draft;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <PolicyHead {...{ kind, namespace, name, draft, view, panes }} mayChange={may(role)} onPanes={setPanes} />
      <div className={`grid min-h-0 flex-1 ${COLUMNS[panes]}`}>
        {panes !== 'yaml' && view !== null && (
          <FieldFindings findings={findings.findings} kind={kind}>
            <LazyPolicyForm
              draft={draft}
              view={view}
              isReadOnly={!may(role) || !reading.ok}
              onLine={setLitLine}
              banner={<BrokenNote reading={draft.reading} />}
            />
          </FieldFindings>
        )}
        {panes !== 'form' && (
          <YamlPane
            draft={draft}
            name={name}
            findings={findings}
            propagation={work.propagation}
            litLine={litLine}
            isReadOnly={!may(role)}
            onCursor={() => undefined}
          />
        )}
      </div>
      <ApplyBar
        propagation={work.propagation}
        message={message}
        proposal={proposal}
        nextRevision={status === undefined ? undefined : status.revision + 1}
        isChanged={draft.isChanged}
        isApplying={work.isApplying}
        hindrance={hindrance}
        onMessage={setMessage}
        onDiscard={draft.discard}
        onApply={apply}
      />
      {work.conflict !== null && (
        <LazyConflictDialog conflict={work.conflict} draft={draft} onClose={work.closeConflict} />
      )}
    </div>
  );
}

export interface PolicyEditorPageProps {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export function PolicyEditorPage({ kind, namespace, name }: PolicyEditorPageProps) {
  if (!isPolicyKind(kind))
    return (
      <Failure title={`There is no editor of ${kind}`}>
        Here are {POLICY_KINDS.join(', ')}; routes and gateways are edited under Routes.
      </Failure>
    );
  return <PolicyPage kind={kind} namespace={namespace} name={name} />;
}

function PolicyPage({ kind, namespace, name }: PolicyEditorPageProps & { readonly kind: PolicyKind }) {
  const [target] = useViewParameter('target');
  const [from] = useViewParameter('from');
  const [experiment] = useViewParameter('experiment');
  const isExperiment = experiment === '1' && kind === 'FaultInjection';
  const place = { kind, namespace, name, target, from, isExperiment };
  const { draft, error, isMissing, refetch, key } = usePolicyDraft(place);
  if (draft !== undefined)
    return <Editor key={key} kind={kind} namespace={namespace} name={name} resourceKey={key} draft={draft} />;
  const isComing = error === null || (isMissing && (from !== '' || target !== ''));
  if (isComing) return <EditorLoading />;
  return (
    <QueryFailure
      what={`${kind} ${namespace}/${name}`}
      error={error}
      onRetry={() => void refetch()}
      elsewhere={<ElsewhereLinks resourceKey={key} listHref="/resilience" list="All policies" />}
    />
  );
}
