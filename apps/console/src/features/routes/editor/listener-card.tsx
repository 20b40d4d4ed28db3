'use client';
// One listener of a Gateway: where it listens, what it speaks, its certificates, and which routes it takes.
import { Plus, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { Badge } from '#components/ui/badge.tsx';
import { IconButton } from '#components/ui/button.tsx';
import type { RouteEdit } from '../model/edit.ts';
import { type ListenerView, PROTOCOLS, routeKindsOf, tlsFor } from '../model/listeners.ts';
import type { Value, ValuePath } from '../model/write-value.ts';
import { ChipParsed, ChipRemove, ChipSelect, ChipText, numberFormat } from './chip-field.tsx';
import { FieldFinding } from './field-findings.tsx';

const PORT_MAX = 65_535;

const FROM = [
  { value: 'Same', label: 'this namespace' },
  { value: 'All', label: 'every namespace' },
  { value: 'None', label: 'nowhere' },
];

const MODES = [
  { value: 'Terminate', label: 'ends here' },
  { value: 'Passthrough', label: 'is passed on' },
];

export interface ListenerCardProps {
  readonly listener: ListenerView;
  readonly count: number;
  readonly isNew: boolean;
  readonly isSelected: boolean;
  readonly isReadOnly: boolean;
  readonly edit: (edit: RouteEdit, key?: string) => void;
  readonly onSelect: () => void;
  /** The selection is by name. */
  readonly onRename: (name: string) => void;
}

interface PartProps {
  readonly listener: ListenerView;
  readonly isReadOnly: boolean;
  readonly set: (path: ValuePath, value: Value | undefined) => void;
}

function Row({
  label,
  path,
  children,
}: {
  readonly label: string;
  readonly path: string;
  readonly children: ReactNode;
}) {
  return (
    <>
      <span className="self-start pt-1 text-t2">{label}</span>
      <div className="flex min-w-0 flex-wrap items-center gap-1.5">
        {children}
        <FieldFinding place={{ kind: 'Gateway', path }} />
      </div>
    </>
  );
}

function Address({ listener, isReadOnly, set }: PartProps) {
  const { protocol, port, hostname } = listener;
  const changeProtocol = (next: string) => {
    set(['protocol'], next);
    set(['tls'], tlsFor(next, listener));
    if (next === 'TCP') set(['hostname'], undefined);
  };
  return (
    <>
      <span className="chip">
        <ChipSelect
          label="Protocol"
          value={protocol}
          options={PROTOCOLS.map((value) => ({ value, label: value }))}
          isReadOnly={isReadOnly}
          onChange={changeProtocol}
        />
        <span className="chip-key">on port</span>
        <ChipParsed
          label="Port"
          value={port as number | undefined}
          {...numberFormat(PORT_MAX)}
          isReadOnly={isReadOnly}
          onChange={(next) => next !== undefined && next > 0 && set(['port'], next)}
        />
      </span>
      {protocol !== 'TCP' && (
        <span className="chip">
          <span className="chip-key">{protocol === 'TLS' ? 'server name' : 'host'}</span>
          <ChipText
            label="Host of the listener"
            placeholder={protocol === 'TLS' ? 'any name' : 'every host'}
            value={hostname}
            isReadOnly={isReadOnly}
            onChange={(next) => set(['hostname'], next.trim() === '' ? undefined : next.trim().toLowerCase())}
          />
        </span>
      )}
    </>
  );
}

function Certificates({ listener, isReadOnly, set }: PartProps) {
  const { certificates } = listener;
  return (
    <>
      {certificates.map(({ name, namespace }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the key must not change while its text is typed
        <span key={index} className="chip">
          <span className="chip-key">certificate</span>
          <ChipText
            label={`Name of certificate ${index + 1}`}
            placeholder="name of the secret"
            value={name}
            isReadOnly={isReadOnly}
            onChange={(next) => set(['tls', 'certificateRefs', index, 'name'], next.trim())}
          />
          {namespace !== '' && <span className="text-t3">in {namespace}</span>}
          {!isReadOnly && certificates.length > 1 && (
            <ChipRemove
              label={`Remove certificate ${name}`}
              onClick={() => set(['tls', 'certificateRefs', index], undefined)}
            />
          )}
        </span>
      ))}
      {!isReadOnly && (
        <button
          type="button"
          className="add"
          onClick={() => set(['tls', 'certificateRefs', certificates.length], { name: '' })}
        >
          <Plus aria-hidden="true" />
          certificate
        </button>
      )}
    </>
  );
}

function Tls(props: PartProps) {
  const { listener, isReadOnly, set } = props;
  const changeMode = (next: string) =>
    set(['tls'], next === 'Passthrough' ? { mode: next } : { mode: next, certificateRefs: [{ name: '' }] });
  return (
    <>
      <span className="chip">
        <span className="chip-key">TLS</span>
        {listener.protocol === 'HTTPS' ? (
          <span>ends here</span>
        ) : (
          <ChipSelect
            label="What becomes of TLS"
            value={listener.tlsMode ?? 'Terminate'}
            options={MODES}
            isReadOnly={isReadOnly}
            onChange={changeMode}
          />
        )}
      </span>
      {listener.tlsMode === 'Terminate' && <Certificates {...props} />}
    </>
  );
}

function Allowed({ listener, isReadOnly, set }: PartProps) {
  const possible = routeKindsOf(listener);
  const { routeKinds } = listener;
  const options = [
    { value: '', label: possible.join(' and ') || 'no route' },
    ...possible.map((kind) => ({ value: kind, label: `${kind} only` })),
  ];
  return (
    <span className="chip">
      <ChipSelect
        label="Kinds of routes"
        value={routeKinds.join(' and ')}
        options={options}
        isReadOnly={isReadOnly}
        onChange={(next) => set(['allowedRoutes', 'kinds'], next === '' ? undefined : [{ kind: next }])}
      />
      <span className="chip-key">from</span>
      <ChipSelect
        label="Namespaces of routes"
        value={listener.routesFrom}
        options={
          listener.routesFrom === 'Selector' ? [...FROM, { value: 'Selector', label: 'by labels, in the YAML' }] : FROM
        }
        isReadOnly={isReadOnly}
        onChange={(next) => set(['allowedRoutes', 'namespaces'], next === 'Same' ? undefined : { from: next })}
      />
    </span>
  );
}

export function ListenerCard(props: ListenerCardProps) {
  const { listener, count, isNew, isSelected, isReadOnly, edit, onSelect, onRename } = props;
  const at = `spec.listeners[${listener.index}]`;
  const title = listener.name || `listener ${listener.index + 1}`;
  const set: PartProps['set'] = (path, value) =>
    edit(
      { type: 'set-spec', path: ['listeners', listener.index, ...path], value },
      `listener:${listener.index}:${path[0] ?? ''}`,
    );
  const part = { listener, isReadOnly, set };
  const isTls = listener.protocol === 'HTTPS' || listener.protocol === 'TLS';
  return (
    <section
      aria-label={`Listener ${title}`}
      className="panel"
      style={isSelected ? { borderColor: 'var(--accent-line)' } : undefined}
      onFocus={onSelect}
      data-testid={`listener-${title}`}
    >
      <header className="panel-head">
        <h2 className="mono min-w-0 truncate text-13 font-semi text-t0">{title}</h2>
        {isNew && (
          <Badge tone="ok">
            <Plus aria-hidden="true" /> new
          </Badge>
        )}
        <span className="flex-1" />
        {!isReadOnly && (
          <IconButton
            label={`Remove listener ${title}`}
            kind="ghost"
            size="s"
            disabled={count === 1}
            onClick={() => set([], undefined)}
          >
            <Trash2 aria-hidden="true" strokeWidth={1.75} />
          </IconButton>
        )}
      </header>
      <div className="grid grid-cols-[64px_minmax(0,1fr)] items-center gap-x-3 gap-y-2 px-4 py-3 text-12">
        <Row label="Name" path={`${at}.name`}>
          <span className="chip">
            <ChipText
              label="Name of the listener"
              placeholder="name"
              value={listener.name}
              isReadOnly={isReadOnly}
              onChange={(next) => {
                set(['name'], next.trim().toLowerCase());
                onRename(next.trim().toLowerCase());
              }}
            />
          </span>
        </Row>
        <Row label="Listens" path={`${at}.port`}>
          <Address {...part} />
          <FieldFinding place={{ kind: 'Gateway', path: `${at}.hostname` }} />
        </Row>
        {isTls && (
          <Row label="Secures" path={`${at}.tls`}>
            <Tls {...part} />
          </Row>
        )}
        <Row label="Takes" path={`${at}.allowedRoutes`}>
          <Allowed {...part} />
        </Row>
      </div>
    </section>
  );
}
