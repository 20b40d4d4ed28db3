'use client';
// A page that broke says so in place; rail and top bar stay.
import { Failure } from '#components/ui/states.tsx';

export default function ErrorPage({ reset }: { readonly reset: () => void }) {
  return (
    <Failure title="This page broke" onRetry={reset}>
      A fault of the console, not of the mesh: traffic is not affected. Trying again often helps; if it does not, reload
      the page.
    </Failure>
  );
}
