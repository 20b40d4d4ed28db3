'use client';
import { countChanges, diffLines } from '@malha/model/line-diff';
// The same object as YAML: editor, difference to what is stored, and who serves it.
import { Copy, Download } from 'lucide-react';
import { Tabs } from 'radix-ui';
import { useMemo, useState } from 'react';
import { DiffView } from '#components/code/diff-view.tsx';
import { LazyCodeEditor } from '#components/code/lazy-code-editor.tsx';
import { Badge } from '#components/ui/badge.tsx';
import { IconButton } from '#components/ui/button.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { notify } from '#components/ui/toast.tsx';
import type { Finding, Propagation } from '#trpc/contract.ts';
import type { Findings } from '../use-findings.ts';
import type { TextDraft } from '../use-text-draft.ts';
import { PropagationList } from './propagation-list.tsx';

export interface YamlPaneProps {
  readonly draft: TextDraft;
  readonly name: string;
  readonly findings: Findings;
  readonly propagation: Propagation | undefined;
  readonly litLine: number | undefined;
  readonly isReadOnly: boolean;
  readonly onCursor: (line: number) => void;
}

const tones = { error: 'err', warning: 'warn', info: 'info' } as const;
const SHOWN_MAX = 4;

function FindingRow({ finding }: { readonly finding: Finding }) {
  return (
    <li className="flex gap-2">
      <StatusShape tone={tones[finding.severity]} className="mt-[3px]" />
      <span className="min-w-0">
        <span className={`mono ${finding.severity === 'error' ? 'text-err-text' : 'text-warn-text'}`}>
          {finding.code}
        </span>{' '}
        {finding.message}
        {finding.line !== undefined && <span className="text-t3"> Line {finding.line}.</span>}
        {finding.remedy !== undefined && <span className="text-t2"> {finding.remedy}</span>}
      </span>
    </li>
  );
}

function FindingList({ findings, position }: { readonly findings: Findings; readonly position: string }) {
  const list = findings.findings;
  return (
    <div className="shrink-0 border-line border-t px-4 py-[7px] text-12 leading-[18px]" data-testid="findings">
      <div className="flex items-center gap-2">
        {list.length === 0 && (
          <>
            <StatusShape tone={findings.failure !== undefined ? 'warn' : findings.isSettled ? 'ok' : 'info'} label="" />
            <span>
              {findings.failure !== undefined
                ? `Not checked: ${findings.failure}`
                : findings.isSettled
                  ? 'Valid, and every reference resolves'
                  : 'Checking'}
            </span>
          </>
        )}
        {list.length > 0 && (
          <ul className="grid max-h-40 min-w-0 flex-1 gap-0.5 overflow-auto" aria-live="polite">
            {list.slice(0, SHOWN_MAX).map((finding) => (
              <FindingRow key={`${finding.code}-${finding.path}-${finding.line ?? ''}`} finding={finding} />
            ))}
            {list.length > SHOWN_MAX && <li className="pl-5 text-t3">and {list.length - SHOWN_MAX} more</li>}
          </ul>
        )}
        <span className="ml-auto self-start whitespace-nowrap text-t3">{position}</span>
      </div>
    </div>
  );
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${name}.yaml`;
  link.click();
  URL.revokeObjectURL(url);
}

export function YamlPane({ draft, name, findings, propagation, litLine, isReadOnly, onCursor }: YamlPaneProps) {
  const [position, setPosition] = useState('');
  const lines = useMemo(
    () => diffLines(draft.base.revision === 0 ? '' : draft.base.yaml, draft.text),
    [draft.base, draft.text],
  );
  const { added, removed } = countChanges(lines);
  const addedLines = useMemo(
    () => lines.flatMap((line) => (line.kind === 'add' && line.after !== null ? [line.after] : [])),
    [lines],
  );
  const marks = useMemo(
    () =>
      findings.findings.flatMap(({ line, severity, code, message }) =>
        line === undefined ? [] : [{ line, severity, message: `${code} ${message}` }],
      ),
    [findings],
  );
  return (
    <Tabs.Root defaultValue="yaml" className="flex h-full min-h-0 flex-col">
      <div className="flex h-10 shrink-0 items-center gap-2 border-line border-b pr-3 pl-4">
        <Tabs.List aria-label="As text" className="flex h-full items-stretch gap-4">
          <Tabs.Trigger value="yaml" className="tab">
            YAML
          </Tabs.Trigger>
          <Tabs.Trigger value="diff" className="tab">
            Diff
            {added + removed > 0 && (
              <Badge>
                +{added} −{removed}
              </Badge>
            )}
          </Tabs.Trigger>
          <Tabs.Trigger value="status" className="tab">
            Status
          </Tabs.Trigger>
        </Tabs.List>
        <span className="flex-1" />
        <IconButton
          label="Copy the YAML"
          kind="ghost"
          size="s"
          onClick={() =>
            void navigator.clipboard
              .writeText(draft.text)
              .then(() => notify({ tone: 'ok', title: 'Copied', id: 'copied' }))
          }
        >
          <Copy aria-hidden="true" strokeWidth={1.75} />
        </IconButton>
        <IconButton label="Save the YAML as a file" kind="ghost" size="s" onClick={() => save(name, draft.text)}>
          <Download aria-hidden="true" strokeWidth={1.75} />
        </IconButton>
      </div>
      <Tabs.Content
        value="yaml"
        className="min-h-0 flex-1 outline-none data-[state=inactive]:hidden"
        forceMount
        tabIndex={-1}
      >
        <LazyCodeEditor
          label={`YAML of ${name}`}
          value={draft.text}
          isReadOnly={isReadOnly}
          marks={marks}
          litLine={litLine}
          addedLines={added + removed > 0 ? addedLines : []}
          onChange={draft.setText}
          onCursor={(line, column) => {
            setPosition(`Ln ${line}, Col ${column}`);
            onCursor(line);
          }}
        />
      </Tabs.Content>
      <Tabs.Content value="diff" className="min-h-0 flex-1 overflow-auto bg-code">
        {added + removed === 0 ? (
          <p className="px-4 py-3 text-12 text-t2">The draft says what r{draft.base.revision} says.</p>
        ) : (
          <DiffView
            label="What the draft changes"
            before={draft.base.revision === 0 ? '' : draft.base.yaml}
            after={draft.text}
          />
        )}
      </Tabs.Content>
      <Tabs.Content value="status" className="min-h-0 flex-1 overflow-auto">
        <PropagationList propagation={propagation} />
      </Tabs.Content>
      <FindingList findings={findings} position={position} />
    </Tabs.Root>
  );
}
