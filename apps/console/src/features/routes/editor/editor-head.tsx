'use client';
// The head of the editor: what is edited and where it acts, undo, and which panes are shown.
import { History } from 'lucide-react';
import { Badge } from '#components/ui/badge.tsx';
import { ButtonLink } from '#components/ui/button.tsx';
import { useScope } from '#features/scope/index.ts';
import { rateShort } from '#format/number.ts';
import { kindIcons } from '../kind-icons.ts';
import type { EditedKind } from '../model/kinds.ts';
import { listenerInWords } from '../model/listeners.ts';
import { parentInWords } from '../model/parents.ts';
import type { RouteView } from '../model/view.ts';
import type { ParentService } from '../use-parent-service.ts';
import type { RouteDraft } from '../use-route-draft.ts';
import { EditorTools, type Panes } from './editor-tools.tsx';

export interface EditorHeadProps {
  readonly kind: EditedKind;
  readonly draft: RouteDraft;
  readonly view: RouteView | null;
  readonly namespace: string;
  readonly name: string;
  readonly parent: ParentService | undefined;
  readonly panes: Panes;
  readonly onPanes: (panes: Panes) => void;
}

/** `on Service reviews:9080 · 184 req/s`, `on Gateway edge · https` */
function placeInWords(view: RouteView | null, parent: ParentService | undefined): string {
  if (parent !== undefined) {
    const rate = parent.requestsPerSecond === undefined ? '' : ` · ${rateShort(parent.requestsPerSecond)} req/s`;
    return `on Service ${parent.name}${parent.port === undefined ? '' : `:${parent.port}`}${rate}`;
  }
  if (view === null) return '';
  if (view.kind === 'Gateway') return view.listeners.map(listenerInWords).join(' · ');
  return view.parents.length === 0 ? 'attached to nothing' : `on ${view.parents.map(parentInWords).join(', ')}`;
}

export function EditorHead({ draft, view, namespace, name, kind, parent, panes, onPanes }: EditorHeadProps) {
  const scope = useScope();
  const Icon = kindIcons[kind];
  return (
    <div className="flex h-13 shrink-0 items-center gap-3 border-line border-b px-4">
      <Icon aria-hidden="true" size={16} strokeWidth={1.75} className="text-t2" />
      <h1 className="mono text-16 font-semi text-t0">{name}</h1>
      <Badge line>{kind}</Badge>
      <span className="min-w-0 truncate text-12 text-t2">{placeInWords(view, parent)}</span>
      <EditorTools draft={draft} panes={panes} onPanes={onPanes} />
      <ButtonLink href={scope.href(`/changes?object=${encodeURIComponent(`${kind}/${namespace}/${name}`)}`)}>
        <History aria-hidden="true" strokeWidth={1.75} />
        History
      </ButtonLink>
    </div>
  );
}
