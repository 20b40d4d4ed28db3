'use client';
// Reads and changes the scope of the current view.
import { usePathname, useSearchParams } from 'next/navigation';
import { useCallback, useMemo } from 'react';
import { parseScope, type Scope, type ScopeChange, scopedHref, withScope } from './scope.ts';

/** Changes the query in place: the page is the same, so nothing is asked from the server. */
function replaceQuery(pathname: string, params: URLSearchParams): void {
  const text = params.toString().replaceAll('%2C', ',');
  window.history.replaceState(null, '', text === '' ? pathname : `${pathname}?${text}`);
}

export interface ScopeControl extends Scope {
  readonly isLive: boolean;
  readonly change: (change: ScopeChange) => void;
  /** Href of another page that keeps the scope. */
  readonly href: (path: string) => string;
  /** Namespaces as the control plane takes them: absent = all. */
  readonly filter: { readonly namespaces?: string[] };
}

export function useScope(): ScopeControl {
  const params = useSearchParams();
  const pathname = usePathname();
  const scope = useMemo(() => parseScope(params), [params]);
  const change = useCallback(
    (next: ScopeChange) => {
      replaceQuery(pathname, withScope(new URLSearchParams(window.location.search), next));
    },
    [pathname],
  );
  const href = useCallback((path: string) => scopedHref(params, path), [params]);
  return useMemo(
    () => ({
      ...scope,
      isLive: scope.window !== null,
      change,
      href,
      filter: scope.namespaces.length === 0 ? {} : { namespaces: [...scope.namespaces] },
    }),
    [scope, change, href],
  );
}

/** One parameter of the URL that belongs to the page itself: a selection, a filter, a tab. */
export function useViewParameter(name: string, fallback = ''): [string, (value: string) => void] {
  const params = useSearchParams();
  const pathname = usePathname();
  const set = useCallback(
    (value: string) => {
      // Read late, so that two parameters set in one turn do not undo each other.
      const next = new URLSearchParams(window.location.search);
      if (value === fallback) next.delete(name);
      else next.set(name, value);
      replaceQuery(pathname, next);
    },
    [name, fallback, pathname],
  );
  return [params.get(name) ?? fallback, set];
}
