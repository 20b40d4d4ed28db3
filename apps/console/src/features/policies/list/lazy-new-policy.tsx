'use client';
// The dialog comes when it is opened.
import dynamic from 'next/dynamic';

export const LazyNewPolicy = dynamic(() => import('./new-policy-dialog.tsx').then((module) => module.NewPolicyDialog), {
  ssr: false,
});
