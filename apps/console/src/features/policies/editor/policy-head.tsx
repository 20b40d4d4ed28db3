'use client';
// The head of the editor: which policy, what it is attached to, undo, panes, and what can be done with the whole of it.
import { Copy, EllipsisVertical, History, ShieldCheck, Trash2 } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { Badge } from '#components/ui/badge.tsx';
import { Button, IconButton } from '#components/ui/button.tsx';
import { Dialog } from '#components/ui/dialog.tsx';
import { Menu, MenuItem } from '#components/ui/menu.tsx';
import { EditorTools, type Panes } from '#features/routes/index.ts';
import { useScope } from '#features/scope/index.ts';
import { KIND_FACTS, type PolicyKind, policyHref } from '../model/kinds.ts';
import { type PolicyView, targetOf } from '../model/policy.ts';
import { targetInWords } from '../model/policy-words.ts';
import { useDeletePolicy } from '../use-delete-policy.ts';
import type { PolicyDraft } from '../use-policy.ts';

export interface PolicyHeadProps {
  readonly kind: PolicyKind;
  readonly namespace: string;
  readonly name: string;
  readonly draft: PolicyDraft;
  readonly view: PolicyView | null;
  readonly mayChange: boolean;
  readonly panes: Panes;
  readonly onPanes: (panes: Panes) => void;
}

function More({ kind, namespace, name, draft, mayChange }: PolicyHeadProps) {
  const scope = useScope();
  const router = useRouter();
  const key = `${kind}/${namespace}/${name}`;
  const [isAsking, setAsking] = useState(false);
  const remove = useDeletePolicy(key, draft.base.revision, () => router.push(scope.href('/resilience')));
  const copyHref = `${policyHref(kind, namespace, `${name}-copy`)}?from=${encodeURIComponent(key)}`;
  const isStored = draft.base.revision > 0;
  return (
    <>
      <Menu
        trigger={
          <IconButton label="More" kind="ghost">
            <EllipsisVertical aria-hidden="true" strokeWidth={1.75} />
          </IconButton>
        }
      >
        <MenuItem
          icon={<History aria-hidden="true" strokeWidth={1.75} />}
          onSelect={() => router.push(scope.href(`/changes?object=${encodeURIComponent(key)}`))}
        >
          History
        </MenuItem>
        <MenuItem
          icon={<Copy aria-hidden="true" strokeWidth={1.75} />}
          disabled={!isStored}
          onSelect={() => router.push(scope.href(copyHref))}
        >
          Duplicate
        </MenuItem>
        <MenuItem
          icon={<Trash2 aria-hidden="true" strokeWidth={1.75} />}
          disabled={!isStored || !mayChange}
          onSelect={() => setAsking(true)}
        >
          Delete
        </MenuItem>
      </Menu>
      <Dialog
        open={isAsking}
        onClose={() => setAsking(false)}
        title={`Delete ${name}?`}
        description="What it says stops to hold as soon as it arrives at the proxies. It can be taken back as a change."
        actions={
          <>
            <Button onClick={() => setAsking(false)}>Keep it</Button>
            <Button kind="danger" busy={remove.isPending ? 'Deleting' : undefined} onClick={() => remove.run()}>
              Delete {kind}
            </Button>
          </>
        }
      />
    </>
  );
}

export function PolicyHead(props: PolicyHeadProps) {
  const { draft, view, name, kind, panes, onPanes } = props;
  return (
    <div className="flex h-13 shrink-0 items-center gap-3 border-line border-b px-4">
      <ShieldCheck aria-hidden="true" size={16} strokeWidth={1.75} className="text-t2" />
      <h1 className="mono text-16 font-semi text-t0">{name}</h1>
      <Badge line>{kind}</Badge>
      <span className="min-w-0 truncate text-12 text-t2" title={KIND_FACTS[kind].purpose}>
        {view === null ? '' : `for ${targetInWords(targetOf(view.spec))}`}
      </span>
      <EditorTools draft={draft} panes={panes} onPanes={onPanes} />
      <More {...props} />
    </div>
  );
}
