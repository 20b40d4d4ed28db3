'use client';
// Conflicts are rare: their dialog and the merging of texts come when there is one.
import dynamic from 'next/dynamic';

export const LazyConflictDialog = dynamic(
  () => import('./conflict-dialog.tsx').then((module) => module.ConflictDialog),
  { ssr: false },
);
