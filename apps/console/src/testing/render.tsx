// Renders a part of the console over answers that a test gives instead of the control plane.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render } from '@testing-library/react';
import { createTRPCClient, TRPCClientError, type TRPCLink } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import type { ReactNode } from 'react';
import { TRPCProvider } from '#trpc/client.ts';
import type { AppRouter } from '#trpc/router.ts';

/** What each procedure answers, at once or by a promise, by its path; one that is missing fails the query. */
export type Answers = Readonly<Record<string, unknown>>;

/** Subscriptions stay silent. */
function answering(answers: Answers): TRPCLink<AppRouter> {
  return () =>
    ({ op }) =>
      observable((observer) => {
        if (op.type === 'subscription') return;
        if (!(op.path in answers)) {
          observer.error(TRPCClientError.from(new Error(`the test has no answer for ${op.path}`)));
          return;
        }
        const given = answers[op.path];
        const answer = typeof given === 'function' ? (given as (input: unknown) => unknown)(op.input) : given;
        const respond = (data: unknown) => {
          observer.next({ result: { type: 'data', data } });
          observer.complete();
        };
        if (answer instanceof Promise) void answer.then(respond);
        else respond(answer);
      });
}

export function renderOver(answers: Answers, node: ReactNode) {
  cleanup();
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const trpcClient = createTRPCClient<AppRouter>({ links: [answering(answers)] });
  return render(
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        {node}
      </TRPCProvider>
    </QueryClientProvider>,
  );
}
