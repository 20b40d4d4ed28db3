'use client';
// Nothing is told before somebody does something: what draws the toasts comes when the page can be used.
import dynamic from 'next/dynamic';

export const LazyToaster = dynamic(() => import('sonner').then((module) => module.Toaster), { ssr: false });
