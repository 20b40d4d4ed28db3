'use client';
// Begins a policy: its kind and what it is for; the editor opens with a first text, and nothing is stored yet.
import { useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useId, useState } from 'react';
import { Button } from '#components/ui/button.tsx';
import { Segment, Select } from '#components/ui/choice.tsx';
import { Dialog } from '#components/ui/dialog.tsx';
import { Labelled, TextField } from '#components/ui/field.tsx';
import { useScope } from '#features/scope/index.ts';
import { useSession } from '#features/session/index.ts';
import { useTRPC } from '#trpc/client.ts';
import { KIND_FACTS, POLICY_KINDS, type PolicyKind, policyHref } from '../model/kinds.ts';

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SUFFIX: Readonly<Record<PolicyKind, string>> = {
  TrafficPolicy: '',
  RateLimit: '-limit',
  FaultInjection: '-fault',
};

const EXPERIMENT_PURPOSE =
  'A fault with a hypothesis: it is measured before, during and after, and ends by itself where it does harm';

export interface NewPolicyDialogProps {
  /** `namespace/service` that it is for, where that is known. */
  readonly service?: string;
  /** A fault with a hypothesis, and no other kind to choose. */
  readonly isExperiment?: boolean;
  readonly onClose: () => void;
}

export function NewPolicyDialog({ service: given = '', isExperiment = false, onClose }: NewPolicyDialogProps) {
  const trpc = useTRPC();
  const scope = useScope();
  const router = useRouter();
  const { may } = useSession();
  const id = useId();
  const [kind, setKind] = useState<PolicyKind>(isExperiment ? 'FaultInjection' : 'TrafficPolicy');
  const services = useQuery(trpc.services.list.queryOptions({ range: scope.range }, { staleTime: 30_000 })).data ?? [];
  const [chosen, setChosen] = useState(given);
  const names = [
    ...new Set([...(given === '' ? [] : [given]), ...services.map((row) => `${row.namespace}/${row.name}`)]),
  ];
  const service = chosen === '' ? (names[0] ?? '') : chosen;
  const [namespace = '', target = ''] = service.split('/');
  const [typed, setTyped] = useState<string | null>(null);
  const name = typed ?? `${target}${isExperiment ? '-experiment' : SUFFIX[kind]}`;
  const isSound = NAME.test(name) && target !== '';
  const { purpose, role } = KIND_FACTS[kind];
  const open = () => {
    if (!isSound) return;
    onClose();
    const first = `target=${encodeURIComponent(`Service/${target}`)}${isExperiment ? '&experiment=1' : ''}`;
    router.push(scope.href(`${policyHref(kind, namespace, name)}?${first}`));
  };
  return (
    <Dialog
      open
      onClose={onClose}
      width={520}
      title={isExperiment ? 'New experiment' : 'New policy'}
      description="The editor opens with a first text. Nothing is stored until it is applied."
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" disabled={!isSound} onClick={open}>
            Open in the editor
          </Button>
        </>
      }
    >
      <form
        className="grid gap-4 px-5 pt-4"
        onSubmit={(event) => {
          event.preventDefault();
          open();
        }}
      >
        <div className="grid gap-1.5">
          {!isExperiment && (
            <Segment
              label="Kind"
              value={kind}
              onChange={setKind}
              options={POLICY_KINDS.map((value) => ({ value, label: KIND_FACTS[value].name }))}
            />
          )}
          <p className="text-11 text-t3">
            {isExperiment ? EXPERIMENT_PURPOSE : purpose}.{!may(role) && ` Applying it needs the role ${role}.`}
          </p>
        </div>
        <Labelled label="For calls to" htmlFor={`${id}-service`} hint="Routes, versions, namespaces: in the editor">
          <Select
            label="Service"
            value={service}
            options={names.map((each) => ({ value: each, label: each }))}
            onChange={setChosen}
          />
        </Labelled>
        <Labelled
          label="Name"
          htmlFor={`${id}-name`}
          error={NAME.test(name) || target === '' ? undefined : 'must be lower-case letters, digits and "-"'}
        >
          <TextField id={`${id}-name`} mono value={name} onChange={(event) => setTyped(event.target.value.trim())} />
        </Labelled>
      </form>
    </Dialog>
  );
}
