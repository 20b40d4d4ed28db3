'use client';
// The editor of a route or a gateway: form and YAML on one draft; nothing is sent until Apply.
import { useState } from 'react';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { useMeshStatus } from '#features/mesh-status/index.ts';
import { useViewParameter } from '#features/scope/index.ts';
import { useSession } from '#features/session/index.ts';
import { type EditedKind, isEditedKind } from '../model/kinds.ts';
import { proposeMessage } from '../model/words.ts';
import { useApply } from '../use-apply.ts';
import { useFindings } from '../use-findings.ts';
import { useParentService } from '../use-parent-service.ts';
import { type RouteDraft, useRouteDraft } from '../use-route-draft.ts';
import { useRouteTemplate } from '../use-route-template.ts';
import { ApplyBar } from './apply-bar.tsx';
import { BrokenNote } from './broken-note.tsx';
import { EditorHead } from './editor-head.tsx';
import { EditorLoading } from './editor-loading.tsx';
import { panesOf } from './editor-tools.tsx';
import { ElsewhereLinks } from './elsewhere-links.tsx';
import { FieldFindings } from './field-findings.tsx';
import { LazyConflictDialog } from './lazy-conflict-dialog.tsx';
import { LazyGatewayForm } from './lazy-gateway-form.tsx';
import { RouteForm } from './route-form.tsx';
import { useEditorKeys, useHindrance, useUnsavedGuard } from './use-editor-keys.ts';
import { useSoundView } from './use-sound-view.ts';
import { YamlPane } from './yaml-pane.tsx';

export interface RouteEditorPageProps {
  readonly namespace: string;
  readonly name: string;
}

interface EditorProps extends RouteEditorPageProps {
  readonly kind: EditedKind;
  readonly draft: RouteDraft;
  readonly resourceKey: string;
  readonly storedAtMs: number | undefined;
}

const COLUMNS = {
  both: 'grid-cols-[300px_minmax(0,1fr)_minmax(400px,480px)] max-[1359px]:grid-cols-[232px_minmax(0,1fr)_392px]',
  form: 'grid-cols-[300px_minmax(0,1fr)]',
  yaml: 'grid-cols-1',
};

function Editor({ namespace, name, kind, draft, resourceKey, storedAtMs }: EditorProps) {
  const { may } = useSession();
  const [panesText, setPanes] = useViewParameter('panes', 'both');
  const panes = panesOf(panesText);
  const [selectedName, setSelectedName] = useViewParameter('rule');
  const [litLine, setLitLine] = useState<number>();
  const [message, setMessage] = useState('');
  const status = useMeshStatus();
  const findings = useFindings(draft.text, draft.reading);
  const work = useApply(resourceKey, draft);
  const hindrance = useHindrance(findings);
  const view = useSoundView(draft);
  const parent = useParentService(namespace, view?.parentService);
  const proposal = view === null ? '' : proposeMessage(draft.baseView, view);
  const apply = () => {
    if (!draft.isChanged || hindrance !== undefined || work.isApplying) return;
    work.apply(message.trim() || proposal);
    setMessage('');
  };
  useEditorKeys(draft, apply);
  useUnsavedGuard(draft, draft.baseView?.name);

  const isReadOnly = !may('editor') || !draft.reading.ok;
  // Rules of a route, listeners of a gateway: what the list on the left selects.
  const parts = view?.kind === 'Gateway' ? view.listeners : (view?.rules ?? []);
  const byName = parts.findIndex((part) => part.name === selectedName);
  const selected = byName === -1 ? Math.max(0, view?.kind === 'Gateway' ? 0 : parts.length - 1) : byName;
  const form = {
    draft,
    namespace,
    name,
    parent,
    selected,
    isReadOnly,
    onSelect: (index: number) => setSelectedName(parts[index]?.name ?? ''),
    onRename: setSelectedName,
    onLine: setLitLine,
  };
  // What is measured counts from when every proxy served the split that is asked.
  const settledMs = work.propagation?.p99Ms ?? null;
  const sinceMs =
    work.arrivedAtMs ??
    (work.propagation === undefined || settledMs === null ? storedAtMs : work.propagation.startedAtMs + settledMs);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <EditorHead
        draft={draft}
        view={view}
        namespace={namespace}
        name={name}
        kind={kind}
        parent={parent}
        panes={panes}
        onPanes={setPanes}
      />
      <div className={`grid min-h-0 flex-1 ${COLUMNS[panes]}`}>
        {panes !== 'yaml' && view !== null && (
          <FieldFindings findings={findings.findings}>
            {view.kind === 'Gateway' ? (
              <LazyGatewayForm {...form} view={view} banner={<BrokenNote reading={draft.reading} />} />
            ) : (
              <RouteForm {...form} view={view} sinceMs={sinceMs} banner={<BrokenNote reading={draft.reading} />} />
            )}
          </FieldFindings>
        )}
        {panes !== 'form' && (
          <YamlPane
            draft={draft}
            name={name}
            findings={findings}
            propagation={work.propagation}
            litLine={litLine}
            isReadOnly={!may('editor')}
            onCursor={(line) => {
              const at = parts.find((part) => line >= part.line && line <= part.endLine);
              if (at !== undefined && document.activeElement?.closest('[data-testid="yaml-editor"]'))
                setSelectedName(at.name);
            }}
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

export function RouteEditorPage({ namespace, name }: RouteEditorPageProps) {
  const [kindText] = useViewParameter('kind', 'HTTPRoute');
  const kind = isEditedKind(kindText) ? kindText : 'HTTPRoute';
  const key = `${kind}/${namespace}/${name}`;
  const template = useRouteTemplate(key);
  const { draft, query } = useRouteDraft(key, template);
  if (draft === undefined) {
    if (!query.isError || template !== undefined) return <EditorLoading />;
    return (
      <QueryFailure
        what={`${kind} ${namespace}/${name}`}
        error={query.error}
        onRetry={() => void query.refetch()}
        elsewhere={<ElsewhereLinks resourceKey={key} listHref="/routes" list="All routes" />}
      />
    );
  }
  return (
    <Editor
      key={key}
      namespace={namespace}
      name={name}
      kind={kind}
      draft={draft}
      resourceKey={key}
      storedAtMs={query.data?.updatedAtMs}
    />
  );
}
