'use client';
// Name and password; an error tells a stranger nothing about which of the two was wrong.
import { CornerDownLeft, Eye, EyeOff, KeyRound, UserRound } from 'lucide-react';
import { signIn } from 'next-auth/react';
import { type FormEvent, useState } from 'react';
import { Button } from '#components/ui/button.tsx';
import { Labelled, TextField } from '#components/ui/field.tsx';

const failures: Record<string, string> = {
  unavailable: 'The control plane does not answer, so nobody can sign in now. Traffic is not affected.',
  wait: 'Too many tries. Wait a minute, then try again.',
};
const mismatch = 'E-mail and password do not fit. A printed password is typed with its hyphens.';

export function SignInForm({ next }: { readonly next: string }) {
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const [isShown, setShown] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(undefined);
    const result = await signIn('credentials', {
      email: String(form.get('email')).trim(),
      password: String(form.get('password')),
      redirect: false,
    }).catch(() => undefined);
    if (result?.ok) {
      location.assign(next);
      return;
    }
    setBusy(false);
    setError(failures[result?.error ?? 'unavailable'] ?? mismatch);
  }

  return (
    <form onSubmit={submit} className="grid gap-4">
      <Labelled label="E-mail" htmlFor="email">
        <TextField
          id="email"
          name="email"
          className="h-9! text-13"
          icon={<UserRound aria-hidden="true" />}
          mono
          required
          autoComplete="username"
          autoCapitalize="none"
          autoFocus
        />
      </Labelled>
      <Labelled label="Password" htmlFor="password" error={error}>
        <TextField
          id="password"
          name="password"
          type={isShown ? 'text' : 'password'}
          className="h-9! text-13"
          icon={<KeyRound aria-hidden="true" />}
          mono
          required
          autoComplete="current-password"
          invalid={error !== undefined}
          aria-describedby={error === undefined ? undefined : 'password-error'}
          end={
            <button
              type="button"
              aria-label={isShown ? 'Hide password' : 'Show password'}
              className="rounded-1 p-1 text-t3 hover:text-t1"
              onClick={() => setShown(!isShown)}
            >
              {isShown ? <Eye aria-hidden="true" size={14} /> : <EyeOff aria-hidden="true" size={14} />}
            </button>
          }
        />
      </Labelled>
      <Button type="submit" kind="primary" className="h-9! w-full" busy={isBusy ? 'Signing in' : undefined}>
        Sign in
        <span className="kbd" aria-hidden="true">
          <CornerDownLeft size={10} />
        </span>
      </Button>
    </form>
  );
}
