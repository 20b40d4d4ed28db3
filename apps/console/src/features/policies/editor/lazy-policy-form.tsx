'use client';
// The form comes after the page can be read: its frame and the text stand first.
import dynamic from 'next/dynamic';

export const LazyPolicyForm = dynamic(() => import('./policy-form.tsx').then((module) => module.PolicyForm), {
  ssr: false,
  loading: () => <div aria-busy="true" className="col-span-2" />,
});
