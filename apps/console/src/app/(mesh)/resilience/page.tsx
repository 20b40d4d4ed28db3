import type { Metadata } from 'next';
import { ResiliencePage } from '#features/resilience/resilience-page.tsx';

export const metadata: Metadata = { title: 'Resilience' };

export default function Page() {
  return <ResiliencePage />;
}
