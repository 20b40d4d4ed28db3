'use client';
// What a route is attached to, and the hosts that it is for.
import { DoorOpen, Plus, Server } from 'lucide-react';
import { Badge } from '#components/ui/badge.tsx';
import { Menu, MenuGroup, MenuItem, MenuLabel } from '#components/ui/menu.tsx';
import type { RouteEdit } from '../model/edit.ts';
import { hasHostnames } from '../model/kinds.ts';
import { routeKindsOf } from '../model/listeners.ts';
import { type ParentChoice, type ParentView, parentFields } from '../model/parents.ts';
import type { RouteView } from '../model/view.ts';
import type { Value, ValuePath } from '../model/write-value.ts';
import { useBackendChoices } from '../use-backend-choices.ts';
import { type GatewayChoice, useGateways } from '../use-gateways.ts';
import { ChipRemove, ChipSelect, ChipText } from './chip-field.tsx';
import { FieldFinding } from './field-findings.tsx';

const SERVICES_SHOWN_MAX = 40;

export interface AttachmentSectionProps {
  readonly view: RouteView;
  readonly namespace: string;
  readonly isReadOnly: boolean;
  readonly edit: (edit: RouteEdit, key?: string) => void;
}

type Write = (path: ValuePath, value: Value | undefined) => void;

interface ParentRowProps {
  readonly parent: ParentView;
  readonly gateways: readonly GatewayChoice[];
  readonly ownNamespace: string;
  readonly isReadOnly: boolean;
  readonly set: Write;
}

/** Listeners of the gateway, and the one that is named although it is not there. */
function listenerOptions({ parent, gateways, ownNamespace }: ParentRowProps) {
  const gateway = gateways.find(
    ({ namespace, name }) => name === parent.name && namespace === (parent.namespace || ownNamespace),
  );
  return [
    { value: '', label: 'all listeners' },
    ...(gateway?.listeners ?? []).map(({ name, protocol, port }) => ({
      value: name,
      label: `${name} · ${protocol} ${port ?? ''}`,
    })),
  ];
}

function ParentRow(props: ParentRowProps) {
  const { parent, isReadOnly, set } = props;
  const isGateway = parent.kind === 'Gateway';
  const Icon = isGateway ? DoorOpen : Server;
  const name = `${parent.namespace === '' ? '' : `${parent.namespace}/`}${parent.name}`;
  return (
    <span className="chip max-w-full">
      <span className="chip-key" title={parent.kind}>
        <Icon role="img" aria-label={parent.kind} size={12} strokeWidth={1.75} />
      </span>
      <span className="min-w-0 truncate" title={name}>
        {name}
        {parent.port !== undefined && <span className="text-t3">:{parent.port}</span>}
      </span>
      {isGateway && (
        <ChipSelect
          label={`Listener of ${name}`}
          value={parent.sectionName}
          options={listenerOptions(props)}
          isReadOnly={isReadOnly}
          onChange={(next) => set(['sectionName'], next === '' ? undefined : next)}
        />
      )}
      {!isReadOnly && <ChipRemove label={`Detach from ${parent.kind} ${name}`} onClick={() => set([], undefined)} />}
    </span>
  );
}

function AddParent({
  view,
  namespace,
  gateways,
  onAdd,
}: {
  readonly view: RouteView;
  readonly namespace: string;
  readonly gateways: readonly GatewayChoice[];
  readonly onAdd: (parent: ParentChoice) => void;
}) {
  const services = useBackendChoices(namespace);
  const has = (kind: string, of: string, name: string) =>
    view.parents.some(
      (parent) => parent.kind === kind && (parent.namespace || namespace) === of && parent.name === name,
    );
  const freeServices = services.filter(({ service }) => !has('Service', namespace, service));
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" className="add">
          <Plus aria-hidden="true" />
          attach to
        </button>
      }
    >
      {gateways.length === 0 && <MenuLabel>No gateway in the mesh yet</MenuLabel>}
      {gateways.length > 0 && (
        <MenuGroup label="Gateways">
          {gateways.map((gateway) => {
            const takesIt = gateway.listeners.some((listener) => routeKindsOf(listener).includes(view.kind));
            return (
              <MenuItem
                key={`${gateway.namespace}/${gateway.name}`}
                disabled={!takesIt}
                hint={takesIt ? undefined : `no listener for ${view.kind}`}
                onSelect={() => onAdd({ kind: 'Gateway', namespace: gateway.namespace, name: gateway.name })}
              >
                <span className="font-mono">
                  {gateway.namespace !== namespace && `${gateway.namespace}/`}
                  {gateway.name}
                </span>
              </MenuItem>
            );
          })}
        </MenuGroup>
      )}
      {freeServices.length > 0 && (
        <MenuGroup label="Calls in the mesh to">
          {freeServices.slice(0, SERVICES_SHOWN_MAX).map(({ service }) => (
            <MenuItem key={service} onSelect={() => onAdd({ kind: 'Service', namespace, name: service })}>
              <span className="font-mono">{service}</span>
            </MenuItem>
          ))}
        </MenuGroup>
      )}
    </Menu>
  );
}

function Hostnames({ view, isReadOnly, set }: Pick<AttachmentSectionProps, 'view' | 'isReadOnly'> & { set: Write }) {
  const what = view.kind === 'TLSRoute' ? 'Server names' : 'Hosts';
  return (
    <>
      <h3 className="mt-3 mb-1.5 text-11 font-medium text-t3">{what}</h3>
      <div className="flex flex-wrap items-center gap-1.5">
        {view.hostnames.length === 0 && (
          <span className="chip">
            <span className="chip-key">{view.kind === 'TLSRoute' ? 'any name' : 'any host'}</span>
          </span>
        )}
        {view.hostnames.map((host, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the key must not change while its text is typed
          <span key={index} className="chip max-w-full">
            <ChipText
              label={`Host ${index + 1}`}
              placeholder="shop.example"
              value={host}
              isReadOnly={isReadOnly}
              onChange={(next) => set(['hostnames', index], next.trim().toLowerCase())}
            />
            {!isReadOnly && (
              <ChipRemove label={`Remove host ${host}`} onClick={() => set(['hostnames', index], undefined)} />
            )}
          </span>
        ))}
        {!isReadOnly && (
          <button type="button" className="add" onClick={() => set(['hostnames', view.hostnames.length], '')}>
            <Plus aria-hidden="true" />
            host
          </button>
        )}
      </div>
      <FieldFinding place={{ kind: view.kind, path: 'spec.hostnames' }} />
    </>
  );
}

export function AttachmentSection({ view, namespace, isReadOnly, edit }: AttachmentSectionProps) {
  const gateways = useGateways();
  const set: Write = (path, value) => edit({ type: 'set-spec', path, value }, `spec:${path.join('.')}`);
  // A route of a Service is chosen by the hosts of the Service: its own would be ignored.
  const isEdge = view.parents.some(({ kind }) => kind === 'Gateway');
  const shows = hasHostnames(view.kind) && (isEdge || view.hostnames.length > 0);
  return (
    <section aria-label="Attached to" className="border-line border-t px-4 pb-4">
      <h2 className="flex h-10 items-center gap-2 font-semi text-t0">
        Attached to <Badge>{view.parents.length}</Badge>
      </h2>
      <div className="flex flex-wrap items-center gap-1.5">
        {view.parents.map((parent, index) => (
          <ParentRow
            // biome-ignore lint/suspicious/noArrayIndexKey: the same parent may stand twice, with other listeners
            key={index}
            parent={parent}
            gateways={gateways}
            ownNamespace={namespace}
            isReadOnly={isReadOnly}
            set={(path, value) => set(['parentRefs', index, ...path], value)}
          />
        ))}
        {!isReadOnly && (
          <AddParent
            view={view}
            namespace={namespace}
            gateways={gateways}
            onAdd={(parent) => set(['parentRefs', view.parents.length], parentFields(parent, namespace))}
          />
        )}
      </div>
      <FieldFinding place={{ kind: view.kind, path: 'spec.parentRefs' }} />
      {shows && <Hostnames view={view} isReadOnly={isReadOnly} set={set} />}
    </section>
  );
}
