'use client';
// What a route is attached to is read after its rules: it comes when the page can be used.
import dynamic from 'next/dynamic';

export const LazyAttachmentSection = dynamic(
  () => import('./attachment-section.tsx').then((module) => module.AttachmentSection),
  { ssr: false, loading: () => <div aria-busy="true" className="h-24 border-line border-t" /> },
);
