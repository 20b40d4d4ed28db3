import { cookies } from 'next/headers';
import type { ReactNode } from 'react';
import { readRail, readTheme, Shell } from '#features/shell/index.ts';
import { DataProvider } from '#trpc/provider.tsx';

export default async function MeshLayout({ children }: { readonly children: ReactNode }) {
  const jar = await cookies();
  return (
    <DataProvider>
      <Shell rail={readRail(jar.get('malha-rail')?.value)} theme={readTheme(jar.get('malha-theme')?.value)}>
        {children}
      </Shell>
    </DataProvider>
  );
}
