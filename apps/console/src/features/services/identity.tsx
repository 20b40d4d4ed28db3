// How callers of a service are known: mutual TLS demanded, allowed, or off.
import { Lock, LockOpen } from 'lucide-react';
import type { ServiceRow } from '#trpc/contract.ts';

const words = { strict: 'mTLS', permissive: 'mTLS or plain', disabled: 'plain text' };

export function Identity({ mtls }: { readonly mtls: ServiceRow['mtls'] }) {
  const Icon = mtls === 'strict' ? Lock : LockOpen;
  return (
    <span className={`inline-flex items-center gap-1 align-middle ${mtls === 'strict' ? 'text-t2' : 'text-warn-text'}`}>
      <Icon aria-hidden="true" size={12} strokeWidth={2} />
      {words[mtls]}
    </span>
  );
}
