'use client';
// In a chunk of its own: routes are opened far more often than gateways.
import dynamic from 'next/dynamic';

export const LazyGatewayForm = dynamic(() => import('./gateway-form.tsx').then((module) => module.GatewayForm), {
  ssr: false,
  loading: () => <div aria-busy="true" className="col-span-2" />,
});
