'use client';
// People: who may do what, adding one, closing an account, a new password.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Ellipsis, UserPlus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Avatar, Badge } from '#components/ui/badge.tsx';
import { Button, IconButton } from '#components/ui/button.tsx';
import { Select } from '#components/ui/choice.tsx';
import { Dialog } from '#components/ui/dialog.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { Labelled, TextField } from '#components/ui/field.tsx';
import { Menu, MenuItem } from '#components/ui/menu.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { Secret } from '#components/ui/secret.tsx';
import { SkeletonRows } from '#components/ui/states.tsx';
import { notify } from '#components/ui/toast.tsx';
import { useSession } from '#features/session/index.ts';
import { moment } from '#format/time.ts';
import { useTRPC } from '#trpc/client.ts';
import type { Role } from '#trpc/contract.ts';
import { inPlainWords } from '#trpc/errors.ts';

const ROLES: readonly { readonly value: Role; readonly label: string }[] = [
  { value: 'viewer', label: 'viewer' },
  { value: 'editor', label: 'editor' },
  { value: 'operator', label: 'operator' },
  { value: 'admin', label: 'admin' },
];

function readRole(text: string): Role {
  return ROLES.find((role) => role.value === text)?.value ?? 'viewer';
}

interface Handed {
  readonly email: string;
  readonly password: string;
}

function useUserWork(onPassword: (handed: Handed) => void) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const onError = (error: unknown) =>
    notify({ tone: 'err', title: 'Nothing was changed', detail: inPlainWords(error) });
  const onSuccess = () => void queryClient.invalidateQueries({ queryKey: trpc.users.list.queryKey() });
  const create = useMutation(
    trpc.users.create.mutationOptions({
      onError,
      onSuccess: ({ password }, { email }) => {
        onSuccess();
        onPassword({ email, password });
      },
    }),
  );
  const resetPassword = useMutation(trpc.users.resetPassword.mutationOptions({ onError }));
  const setRole = useMutation(trpc.users.setRole.mutationOptions({ onError, onSuccess }));
  const disable = useMutation(trpc.users.disable.mutationOptions({ onError, onSuccess }));
  return { create, resetPassword, setRole, disable };
}

function Invite({
  isOpen,
  isBusy,
  onClose,
  onCreate,
}: {
  readonly isOpen: boolean;
  readonly isBusy: boolean;
  readonly onClose: () => void;
  readonly onCreate: (user: { email: string; name: string; role: Role }) => void;
}) {
  const [role, setRole] = useState<Role>('viewer');
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onCreate({ email: String(form.get('email')).trim(), name: String(form.get('name')).trim(), role });
  };
  return (
    <Dialog
      open={isOpen}
      onClose={onClose}
      title="Add a person"
      description="Malha makes a first password and shows it once."
    >
      <form className="grid gap-3 px-5 pt-3 pb-4" onSubmit={submit}>
        <Labelled label="Name" htmlFor="new-name">
          <TextField id="new-name" name="name" required maxLength={100} />
        </Labelled>
        <Labelled label="E-mail" htmlFor="new-email">
          <TextField id="new-email" name="email" type="email" required maxLength={254} />
        </Labelled>
        <Select
          label="Role"
          prefix="may act as"
          value={role}
          onChange={(value) => setRole(readRole(value))}
          options={ROLES}
        />
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={isBusy ? 'Adding' : undefined}>
            Add
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function UsersPanel() {
  const trpc = useTRPC();
  const { me } = useSession();
  const query = useQuery(trpc.users.list.queryOptions());
  const [isInviting, setInviting] = useState(false);
  const [handed, setHanded] = useState<Handed | null>(null);
  const work = useUserWork((next) => {
    setInviting(false);
    setHanded(next);
  });
  const nowMs = Date.now();
  return (
    <Panel
      title="People"
      beside={query.data !== undefined && <Badge>{query.data.length}</Badge>}
      sub="a role holds in the whole mesh"
      actions={
        <Button kind="primary" onClick={() => setInviting(true)}>
          <UserPlus aria-hidden="true" strokeWidth={1.75} />
          Add a person
        </Button>
      }
    >
      {query.isError && <QueryFailure what="People" error={query.error} onRetry={() => void query.refetch()} />}
      {query.data === undefined && !query.isError && <SkeletonRows rows={3} columns={[160, 200, 60]} />}
      {query.data !== undefined && (
        <table className="table">
          <thead>
            <tr>
              <th>Who</th>
              <th>E-mail</th>
              <th>Role</th>
              <th>State</th>
              <th className="num">Last sign-in</th>
              <th>
                <span className="sr-only">More</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {query.data.map((user) => (
              <tr key={user.id} className={user.isDisabled ? 'text-t3' : ''}>
                <td>
                  <span className="flex items-center gap-2">
                    <Avatar name={user.name} size={20} />
                    <span className="text-t0">{user.name}</span>
                    {user.id === me?.id && <Badge>you</Badge>}
                  </span>
                </td>
                <td className="text-t2">{user.email}</td>
                <td>
                  <Select
                    small
                    className="w-28"
                    label={`Role of ${user.name}`}
                    value={user.role}
                    disabled={user.id === me?.id || user.isDisabled}
                    options={ROLES}
                    onChange={(role) => work.setRole.mutate({ id: user.id, role: readRole(role) })}
                  />
                </td>
                <td>{user.isDisabled ? <Badge line>closed</Badge> : <span className="text-t2">open</span>}</td>
                <td className="num text-t2">
                  {user.lastSignInAtMs === null ? 'never' : moment(user.lastSignInAtMs, nowMs)}
                </td>
                <td className="num">
                  <Menu
                    trigger={
                      <IconButton label={`More about ${user.name}`} kind="ghost" size="s">
                        <Ellipsis aria-hidden="true" strokeWidth={1.75} />
                      </IconButton>
                    }
                  >
                    <MenuItem
                      onSelect={() =>
                        work.resetPassword.mutate(
                          { id: user.id },
                          { onSuccess: ({ password }) => setHanded({ email: user.email, password }) },
                        )
                      }
                    >
                      Make a new password
                    </MenuItem>
                    <MenuItem
                      disabled={user.id === me?.id}
                      onSelect={() => work.disable.mutate({ id: user.id, isDisabled: !user.isDisabled })}
                    >
                      {user.isDisabled ? 'Open the account again' : 'Close the account'}
                    </MenuItem>
                  </Menu>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Invite
        isOpen={isInviting}
        isBusy={work.create.isPending}
        onClose={() => setInviting(false)}
        onCreate={(user) => work.create.mutate(user)}
      />
      <Dialog
        open={handed !== null}
        onClose={() => setHanded(null)}
        title="A password, shown once"
        description={`For ${handed?.email ?? ''}. Malha keeps only a hash of it.`}
        actions={<Button onClick={() => setHanded(null)}>Done</Button>}
      >
        <div className="px-5 pt-3">
          <Secret label="Password" text={handed?.password ?? ''} />
        </div>
      </Dialog>
    </Panel>
  );
}
