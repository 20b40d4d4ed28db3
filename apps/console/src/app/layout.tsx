// The document: fonts, theme, and nothing that needs to know who is signed in.
import '#styles/globals.css';
import { GeistMono } from 'geist/font/mono';
import { GeistSans } from 'geist/font/sans';
import type { Metadata, Viewport } from 'next';
import { cookies, headers } from 'next/headers';
import type { ReactNode } from 'react';

export const metadata: Metadata = {
  title: { default: 'Malha', template: '%s · Malha' },
  description: 'Console of the service mesh Malha',
};

export const viewport: Viewport = { colorScheme: 'light dark' };

export default async function RootLayout({ children }: { readonly children: ReactNode }) {
  // Every page carries a nonce of its own (proxy.ts), so none may be rendered ahead of a request.
  await headers();
  const theme = (await cookies()).get('malha-theme')?.value;
  const chosen = theme === 'dark' || theme === 'light' ? { 'data-theme': theme } : {};
  return (
    <html lang="en" {...chosen} className={`${GeistSans.variable} ${GeistMono.variable}`} suppressHydrationWarning>
      <body>{children}</body>
    </html>
  );
}
