'use client';
// Stores a certificate with its key, or puts the next one in its place. What is wrong with the pair is said beside it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/ui/button.tsx';
import { Select } from '#components/ui/choice.tsx';
import { Dialog } from '#components/ui/dialog.tsx';
import { Labelled, TextField } from '#components/ui/field.tsx';
import { Note } from '#components/ui/states.tsx';
import { notify } from '#components/ui/toast.tsx';
import { useTRPC } from '#trpc/client.ts';
import { inPlainWords } from '#trpc/errors.ts';

const PEM_LENGTH_MAX = 64 * 1024;

export interface StoredName {
  readonly namespace: string;
  readonly name: string;
}

/** A file or what is pasted; a key is never shown again. */
function PemField({
  label,
  hint,
  value,
  onChange,
}: {
  readonly label: string;
  readonly hint: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
}) {
  const id = `pem-${label.toLowerCase().replaceAll(' ', '-')}`;
  const read = async (file: File | undefined) => {
    if (file === undefined) return;
    if (file.size > PEM_LENGTH_MAX)
      notify({ tone: 'err', title: `${file.name} is too large`, detail: 'PEM files have some KiB.' });
    else onChange(await file.text());
  };
  return (
    <Labelled
      label={label}
      htmlFor={id}
      hint={hint}
      beside={
        <label className="link cursor-pointer text-12">
          from a file
          <input
            type="file"
            aria-label={`${label} from a file`}
            accept=".pem,.crt,.cer,.key"
            className="sr-only"
            onChange={(event) => void read(event.target.files?.[0])}
          />
        </label>
      }
    >
      <textarea
        id={id}
        required
        rows={4}
        maxLength={PEM_LENGTH_MAX}
        autoComplete="off"
        spellCheck={false}
        placeholder="-----BEGIN …"
        className="w-full resize-y rounded-[6px] border border-line bg-transparent px-2 py-1.5 font-mono text-11 text-t1"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </Labelled>
  );
}

export function StoreCertificate({
  replaces,
  onClose,
}: {
  readonly replaces: StoredName | undefined;
  readonly onClose: () => void;
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const namespaces = useQuery(trpc.resources.namespaces.queryOptions()).data ?? [];
  const [chosen, setChosen] = useState('');
  const [chain, setChain] = useState('');
  const [key, setKey] = useState('');
  const namespace = replaces?.namespace ?? (chosen || (namespaces[0] ?? 'default'));
  const put = useMutation(
    trpc.gatewayCertificates.put.mutationOptions({
      onSuccess: () => {
        void queryClient.invalidateQueries({ queryKey: trpc.gatewayCertificates.list.queryKey() });
        notify({ tone: 'ok', title: 'The certificate is stored', detail: 'Gateways show it on new connections.' });
        onClose();
      },
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = replaces?.name ?? String(new FormData(event.currentTarget).get('name')).trim();
    put.mutate({ namespace, name, chain, key });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      width={560}
      title={replaces === undefined ? 'Store a certificate' : `Replace ${replaces.namespace}/${replaces.name}`}
      description="Gateways whose listeners name it get it at once; connections that are open go on."
    >
      <form className="grid gap-3 px-5 pt-3 pb-4" onSubmit={submit}>
        {replaces === undefined && (
          <>
            <Select
              label="Namespace"
              prefix="in namespace"
              value={namespace}
              onChange={setChosen}
              options={(namespaces.length === 0 ? ['default'] : namespaces).map((name) => ({
                value: name,
                label: name,
              }))}
            />
            <Labelled label="Name" htmlFor="certificate-name" hint="As certificateRefs of listeners name it.">
              <TextField
                id="certificate-name"
                name="name"
                mono
                required
                maxLength={253}
                pattern="[a-z0-9]([a-z0-9.\-]*[a-z0-9])?"
                placeholder="shop-example"
              />
            </Labelled>
          </>
        )}
        <PemField
          label="Certificate"
          hint="PEM: the certificate of the host first, its issuers after it."
          value={chain}
          onChange={setChain}
        />
        <PemField label="Private key" hint="PEM, not encrypted: RSA or EC." value={key} onChange={setKey} />
        {put.isError && <Note tone="err">{inPlainWords(put.error)}</Note>}
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={put.isPending ? 'Storing it' : undefined}>
            {replaces === undefined ? 'Store' : 'Replace'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
