import type { Metadata } from 'next';
import { CertificatesPage } from '#features/certificates/index.ts';

export const metadata: Metadata = { title: 'Certificates' };

export default function Page() {
  return <CertificatesPage />;
}
