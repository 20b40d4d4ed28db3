'use client';
// Who may do what, and how a workload gets in.
import { Check, Lock } from 'lucide-react';
import { Panel } from '#components/ui/panel.tsx';
import { Empty } from '#components/ui/states.tsx';
import { useMeshStatus } from '#features/mesh-status/index.ts';
import { useSession } from '#features/session/index.ts';
import type { Role } from '#trpc/contract.ts';
import { TokensPanel } from './tokens-panel.tsx';
import { UsersPanel } from './users-panel.tsx';

const roles: readonly Role[] = ['viewer', 'editor', 'operator', 'admin'];
const deeds: readonly { readonly name: string; readonly from: Role }[] = [
  { name: 'Look at everything', from: 'viewer' },
  { name: 'Routes, traffic policies', from: 'editor' },
  { name: 'Faults, experiments', from: 'operator' },
  { name: 'Proxies: dump, drain', from: 'operator' },
  { name: 'Security, people, tokens', from: 'admin' },
];

function RolesPanel() {
  return (
    <Panel title="Roles">
      <table className="table">
        <thead>
          <tr>
            <th>May</th>
            {roles.map((role) => (
              <th key={role} className="px-1.5! text-center! last:pr-4!">
                {role}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {deeds.map((deed) => (
            <tr key={deed.name}>
              <td>{deed.name}</td>
              {roles.map((role) => {
                const may = roles.indexOf(role) >= roles.indexOf(deed.from);
                return (
                  <td key={role} className="px-1.5! text-center text-ok-text last:pr-4!">
                    {may ? (
                      <Check role="img" aria-label="yes" size={14} className="inline" />
                    ) : (
                      <span className="text-t3">–</span>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

function MeshPanel() {
  const status = useMeshStatus();
  const facts: readonly (readonly [string, string])[] = [
    ['Mesh', status?.meshName ?? '–'],
    ['Trust domain', status?.trustDomain ?? '–'],
    ['Revision', status === undefined ? '–' : `r${status.revision}`],
    ['Database', status === undefined ? '–' : status.database === 'ok' ? 'connected' : 'away'],
  ];
  return (
    <Panel title="This mesh">
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 px-4 py-3 text-12">
        {facts.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-t3">{name}</dt>
            <dd className="mono">{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

export function SettingsPage() {
  const { me, may } = useSession();
  return (
    <div className="px-6 py-3">
      <h1 className="mb-3 text-20 font-semi text-t0">Settings</h1>
      <div className="grid grid-cols-[minmax(0,1fr)_352px] items-start gap-3">
        <div className="grid min-w-0 gap-3">
          {may('admin') ? (
            <>
              <UsersPanel />
              <TokensPanel />
            </>
          ) : (
            me !== undefined && (
              <div className="panel">
                <Empty icon={<Lock aria-hidden="true" size={18} />} title="You may look elsewhere, not here">
                  People and tokens need the role admin; you are {me.role}. An administrator can change that.
                </Empty>
              </div>
            )
          )}
        </div>
        <div className="grid min-w-0 gap-3">
          <RolesPanel />
          <MeshPanel />
        </div>
      </div>
    </div>
  );
}
