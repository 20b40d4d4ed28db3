// The page before every other: sign in, and where to find the first password.
import { Lock } from 'lucide-react';
import { Brand } from '#components/ui/brand.tsx';
import { Note } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import type { ControlPlaneState } from './control-plane.ts';
import { FirstTime } from './first-time.tsx';
import { safeNextPath } from './next-path.ts';
import { SignInForm } from './sign-in-form.tsx';

export interface SignInPageProps {
  readonly next: string | undefined;
  readonly reason: string | undefined;
  readonly controlPlane: ControlPlaneState;
}

export function SignInPage({ next, reason, controlPlane }: SignInPageProps) {
  return (
    <div className="grid h-screen grid-cols-[minmax(0,1fr)_minmax(0,1.08fr)] grid-rows-[minmax(0,1fr)_44px] max-[1000px]:grid-cols-1">
      <div className="flex min-h-0 flex-col px-12 py-8">
        <header className="flex items-center gap-2.5 text-16 font-semi text-t0">
          <Brand size={24} />
          Malha
        </header>
        <main className="m-auto w-[364px] max-w-full">
          <h1 className="text-24 font-semi text-t0">Sign in to Malha</h1>
          <p className="mt-1 mb-6 text-t2">The console of your service mesh.</p>
          {reason === 'ended' && (
            <Note tone="info" className="mb-4">
              Your session has ended. Sign in again and you are back where you were.
            </Note>
          )}
          <SignInForm next={safeNextPath(next)} />
          <p className="mt-4 flex items-center gap-2 text-12 text-t3">
            <Lock aria-hidden="true" size={14} strokeWidth={1.75} />
            Your session stays on this computer for 12 h.
          </p>
        </main>
      </div>
      <FirstTime />
      <footer className="col-span-full flex items-center gap-5 border-line border-t px-12 text-12 text-t2">
        <span className="flex items-center gap-1.5">
          <StatusShape tone={controlPlane === 'well' ? 'ok' : 'err'} label="" />
          {controlPlane === 'well' ? 'Control plane well' : 'The control plane does not answer'}
        </span>
      </footer>
    </div>
  );
}
