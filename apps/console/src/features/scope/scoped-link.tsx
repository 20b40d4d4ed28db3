'use client';
// A link that keeps namespaces and time.
import Link from 'next/link';
import type { ComponentProps } from 'react';
import { useScope } from './use-scope.ts';

export function ScopedLink({ href, ...rest }: Omit<ComponentProps<typeof Link>, 'href'> & { readonly href: string }) {
  const scope = useScope();
  return <Link {...rest} href={scope.href(href)} />;
}
