'use client';
// The route editor: rules, form and YAML on one draft; nothing is sent until Apply.
import { History, Pencil, Redo2, Split, Undo2 } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Badge } from '#components/ui/badge.tsx';
import { ButtonLink, IconButton } from '#components/ui/button.tsx';
import { Segment } from '#components/ui/choice.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { Note, Skeleton } from '#components/ui/states.tsx';
import { notify } from '#components/ui/toast.tsx';
import { useMeshStatus, useStale } from '#features/mesh-status/index.ts';
import { useScope, useViewParameter } from '#features/scope/index.ts';
import { useSession } from '#features/session/index.ts';
import { rateShort } from '#format/number.ts';
import { type EditedKind, isEditedKind } from '../model/kinds.ts';
import type { RouteView } from '../model/view.ts';
import { proposeMessage } from '../model/words.ts';
import { LazyTestRequest } from '../test-request/index.ts';
import { useApply } from '../use-apply.ts';
import { type Findings, useFindings } from '../use-findings.ts';
import { type ParentService, useParentService } from '../use-parent-service.ts';
import { type RouteDraft, useRouteDraft } from '../use-route-draft.ts';
import { useRouteTemplate } from '../use-route-template.ts';
import { ApplyBar } from './apply-bar.tsx';
import { FieldFindings } from './field-findings.tsx';
import { LazyConflictDialog } from './lazy-conflict-dialog.tsx';
import { RuleCard, versionTarget } from './rule-card.tsx';
import { RulesList } from './rules-list.tsx';
import { YamlPane } from './yaml-pane.tsx';

type Panes = 'both' | 'form' | 'yaml';

export interface RouteEditorPageProps {
  readonly namespace: string;
  readonly name: string;
}

function Loading() {
  return (
    <div className="h-full" role="status" aria-busy="true" aria-label="Reading the route">
      <div className="flex h-13 items-center gap-3 border-line border-b px-4">
        <Skeleton className="h-4 w-40" />
      </div>
      <div className="grid h-[calc(100%-52px)] grid-cols-[300px_minmax(0,1fr)_480px]">
        {[3, 4, 9].map((rows) => (
          <div key={rows} className="grid content-start gap-3 border-line border-r p-4">
            {Array.from({ length: rows }, (_, row) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
              <Skeleton key={row} className="h-4" style={{ width: `${60 + ((row * 37) % 40)}%` }} />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

function Head({
  draft,
  namespace,
  name,
  kind,
  parent,
  panes,
  onPanes,
}: {
  readonly kind: EditedKind;
  readonly draft: RouteDraft;
  readonly namespace: string;
  readonly name: string;
  readonly parent: ParentService | undefined;
  readonly panes: Panes;
  readonly onPanes: (panes: Panes) => void;
}) {
  const scope = useScope();
  return (
    <div className="flex h-13 shrink-0 items-center gap-3 border-line border-b px-4">
      <Split aria-hidden="true" size={16} strokeWidth={1.75} className="text-t2" />
      <h1 className="mono text-16 font-semi text-t0">{name}</h1>
      <Badge line>{kind}</Badge>
      {parent !== undefined && (
        <span className="truncate text-12 text-t2">
          on Service {parent.name}
          {parent.port !== undefined && `:${parent.port}`}
          {parent.requestsPerSecond !== undefined && ` · ${rateShort(parent.requestsPerSecond)} req/s`}
        </span>
      )}
      {draft.isChanged ? (
        <Badge tone="accent">
          <Pencil aria-hidden="true" />{' '}
          {draft.base.revision === 0 ? 'new, not applied yet' : `draft on r${draft.base.revision}`}
        </Badge>
      ) : (
        <Badge mono>r{draft.base.revision}</Badge>
      )}
      <span className="flex-1" />
      <IconButton label="Undo" kind="ghost" disabled={!draft.canUndo} onClick={draft.undo}>
        <Undo2 aria-hidden="true" strokeWidth={1.75} />
      </IconButton>
      <IconButton label="Redo" kind="ghost" disabled={!draft.canRedo} onClick={draft.redo}>
        <Redo2 aria-hidden="true" strokeWidth={1.75} />
      </IconButton>
      {kind === 'HTTPRoute' && (
        <Segment
          label="Panes"
          value={panes}
          onChange={onPanes}
          options={[
            { value: 'both', label: 'Form and YAML' },
            { value: 'form', label: 'Form' },
            { value: 'yaml', label: 'YAML' },
          ]}
        />
      )}
      <ButtonLink href={scope.href(`/changes?object=${encodeURIComponent(`${kind}/${namespace}/${name}`)}`)}>
        <History aria-hidden="true" strokeWidth={1.75} />
        History
      </ButtonLink>
    </div>
  );
}

/** Keys of the whole editor; ⌘Z inside a text field or the YAML belongs to that. */
function useEditorKeys(draft: RouteDraft | undefined, onApply: () => void) {
  const latest = useRef({ draft, onApply });
  latest.current = { draft, onApply };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!event.metaKey && !event.ctrlKey) return;
      const isText =
        event.target instanceof HTMLElement &&
        (event.target.isContentEditable || event.target.matches('input, textarea'));
      if (event.key === 'Enter') latest.current.onApply();
      else if (event.key.toLowerCase() === 'z' && !isText) {
        if (event.shiftKey) latest.current.draft?.redo();
        else latest.current.draft?.undo();
      } else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

/** Closing the tab would lose the draft; going to another page of the console keeps it. */
function useUnsavedGuard(draft: RouteDraft): void {
  const { isChanged } = draft;
  const latest = useRef(isChanged);
  latest.current = isChanged;
  useEffect(() => {
    if (!isChanged) return;
    const onLeave = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', onLeave);
    return () => window.removeEventListener('beforeunload', onLeave);
  }, [isChanged]);
  const key = draft.baseView?.name;
  useEffect(
    () => () => {
      if (!latest.current || key === undefined) return;
      notify({
        tone: 'ok',
        id: `draft-${key}`,
        title: `The draft of ${key} is kept in this tab`,
        detail: 'Nothing of it was applied.',
      });
    },
    [key],
  );
}

function useHindrance(findings: Findings): string | undefined {
  const { may, me } = useSession();
  const status = useMeshStatus();
  const { isStale } = useStale();
  if (me !== undefined && !may('editor')) return 'You may look, not change: changing routes needs the role editor.';
  if (isStale) return 'Held until the control plane is reachable again; the draft is kept here.';
  if (status !== undefined && !status.canWrite)
    return 'Held: Postgres is away, so the mesh is read-only. The draft is kept here.';
  if (findings.hasErrors) return 'The draft has errors; they are listed under the YAML.';
  return undefined;
}

function nameOfNewRule(view: RouteView): string {
  let number = view.rules.length + 1;
  while (view.rules.some((rule) => rule.name === `rule-${number}`)) number += 1;
  return `rule-${number}`;
}

interface EditorProps extends RouteEditorPageProps {
  readonly kind: EditedKind;
  readonly draft: RouteDraft;
  readonly resourceKey: string;
  readonly storedAtMs: number | undefined;
}

function Editor({ namespace, name, kind, draft, resourceKey, storedAtMs }: EditorProps) {
  const { may } = useSession();
  const [panesText, setPanes] = useViewParameter('panes', 'both');
  const isByForm = kind === 'HTTPRoute';
  const panes: Panes = !isByForm ? 'yaml' : panesText === 'form' || panesText === 'yaml' ? panesText : 'both';
  const [selectedName, setSelectedName] = useViewParameter('rule');
  const [litLine, setLitLine] = useState<number>();
  const [message, setMessage] = useState('');
  const status = useMeshStatus();
  const findings = useFindings(draft.text, draft.reading);
  const work = useApply(resourceKey, draft);
  const hindrance = useHindrance(findings);
  // While the text is broken, the form shows the last reading that made sense.
  const lastView = useRef<RouteView | null>(null);
  if (draft.reading.ok) lastView.current = draft.reading.view;
  const view = lastView.current ?? draft.baseView;
  const parent = useParentService(namespace, view?.parentService);
  const proposal = view === null ? '' : proposeMessage(draft.baseView, view);
  const apply = () => {
    if (!draft.isChanged || hindrance !== undefined || work.isApplying) return;
    work.apply(message.trim() || proposal);
    setMessage('');
  };
  useEditorKeys(draft, apply);
  useUnsavedGuard(draft);

  const isReadOnly = !may('editor') || !draft.reading.ok;
  const rules = view?.rules ?? [];
  const byName = rules.findIndex((rule) => rule.name === selectedName);
  const selected = byName === -1 ? Math.max(0, rules.length - 1) : byName;
  const select = (index: number) => setSelectedName(rules[index]?.name ?? '');
  const addRule = () => {
    if (view === null) return;
    const ruleName = nameOfNewRule(view);
    const service = parent?.name ?? view.parentService ?? '';
    const version = parent?.versions[0];
    const target =
      version === undefined
        ? { group: '', kind: 'Service', name: service, port: parent?.port }
        : versionTarget(service, version, parent?.port);
    draft.edit({ type: 'add-rule', name: ruleName, target });
    setSelectedName(ruleName);
  };
  // What is measured counts from when every proxy served the split that is asked.
  const settledMs = work.propagation?.p99Ms ?? null;
  const sinceMs =
    work.arrivedAtMs ??
    (work.propagation === undefined || settledMs === null ? storedAtMs : work.propagation.startedAtMs + settledMs);

  const columns = {
    both: 'grid-cols-[300px_minmax(0,1fr)_minmax(400px,480px)] max-[1359px]:grid-cols-[232px_minmax(0,1fr)_392px]',
    form: 'grid-cols-[300px_minmax(0,1fr)]',
    yaml: 'grid-cols-1',
  };
  return (
    <div className="flex h-full min-h-0 flex-col">
      <Head
        draft={draft}
        namespace={namespace}
        name={name}
        kind={kind}
        parent={parent}
        panes={panes}
        onPanes={setPanes}
      />
      <div className={`grid min-h-0 flex-1 ${columns[panes]}`}>
        {panes !== 'yaml' && view !== null && (
          <FieldFindings findings={findings.findings}>
            <div className="min-h-0 overflow-auto border-line border-r">
              <RulesList
                view={view}
                baseView={draft.baseView}
                selected={selected}
                isReadOnly={isReadOnly}
                onSelect={(index) => {
                  select(index);
                  setLitLine(rules[index]?.line);
                }}
                onAdd={addRule}
              />
            </div>
            <div className="flex min-h-0 flex-col gap-3 overflow-auto border-line border-r p-4 max-[1359px]:p-3">
              {!draft.reading.ok && (
                <Note tone="err">
                  The YAML cannot be read (line {draft.reading.problem.line}), so the form shows the last version that
                  could.
                </Note>
              )}
              {rules.map((rule) => (
                <RuleCard
                  key={rule.name || rule.index}
                  rule={rule}
                  ruleCount={rules.length}
                  baseRule={draft.baseView?.rules.find((old) => old.name === rule.name)}
                  policies={view.policies.filter((policy) => policy.rule === rule.name && rule.name !== '')}
                  namespace={namespace}
                  route={name}
                  parent={parent}
                  sinceMs={sinceMs}
                  isSelected={rule.index === selected}
                  isReadOnly={isReadOnly}
                  edit={draft.edit}
                  onSelect={() => select(rule.index)}
                  onRename={setSelectedName}
                  onLine={setLitLine}
                />
              ))}
              {view.parentService !== undefined && (
                <LazyTestRequest
                  namespace={namespace}
                  route={name}
                  service={view.parentService}
                  yaml={draft.isChanged && draft.reading.ok ? draft.text : undefined}
                />
              )}
            </div>
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
              const at = rules.find((rule) => line >= rule.line && line <= rule.endLine);
              if (at !== undefined && document.activeElement?.closest('[data-testid="yaml-editor"]')) select(at.index);
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
    if (!query.isError || template !== undefined) return <Loading />;
    return (
      <QueryFailure what={`${kind} ${namespace}/${name}`} error={query.error} onRetry={() => void query.refetch()} />
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
