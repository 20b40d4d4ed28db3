// The forms of a gateway and of gRPC, over a draft that they edit.
import { fireEvent, screen, within } from '@testing-library/react';
import { useState } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { renderOver } from '../../../testing/render.tsx';
import { applyEdit, type RouteEdit } from '../model/edit.ts';
import { readRoute } from '../model/view.ts';
import type { RouteDraft } from '../use-route-draft.ts';
import { GatewayForm } from './gateway-form.tsx';
import { RouteForm } from './route-form.tsx';

vi.mock('next/navigation', () => ({
  useSearchParams: () => new URLSearchParams(window.location.search),
  usePathname: () => '/routes/shop/x',
  useRouter: () => ({ push: () => undefined }),
}));

const answers = {
  'resources.list': { items: [] },
  'proxies.list': [],
  'session.me': { id: '1', email: 'o@x', name: 'Ann', role: 'editor' },
};

let text = '';

function Harness({ yaml, Form }: { readonly yaml: string; readonly Form: typeof GatewayForm }) {
  const [now, setNow] = useState(yaml);
  text = now;
  const reading = readRoute(now);
  if (!reading.ok) throw new Error(reading.problem.message);
  const { view } = reading;
  const draft = {
    ...{ text: now, reading, baseView: view, isChanged: false, canUndo: false, canRedo: false },
    edit: (edit: RouteEdit) => setNow((old) => applyEdit(old, edit)),
  } as unknown as RouteDraft;
  return (
    <Form
      draft={draft}
      view={view}
      namespace="shop"
      name={view.name}
      parent={undefined}
      selected={0}
      isReadOnly={false}
      banner={null}
      onSelect={() => undefined}
      onRename={() => undefined}
      onLine={() => undefined}
    />
  );
}

const GATEWAY = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  gatewayClassName: malha
  listeners:
    - { name: web, port: 80, protocol: HTTP }
`;

describe('the form of a Gateway', () => {
  it('writes what a listener speaks, with the TLS that it needs', async () => {
    renderOver(answers, <Harness yaml={GATEWAY} Form={GatewayForm} />);
    const card = await screen.findByTestId('listener-web');
    fireEvent.change(within(card).getByLabelText('Protocol'), { target: { value: 'HTTPS' } });
    expect(text).toContain('protocol: HTTPS');
    fireEvent.change(await within(card).findByLabelText('Name of certificate 1'), { target: { value: 'shop-tls' } });
    expect(readRoute(text)).toMatchObject({
      ok: true,
      view: { listeners: [{ protocol: 'HTTPS', tlsMode: 'Terminate', certificates: [{ name: 'shop-tls' }] }] },
    });
    fireEvent.change(within(card).getByLabelText('Protocol'), { target: { value: 'HTTP' } });
    expect(text).not.toContain('tls');
  });

  it('adds a listener, and takes the added one away', async () => {
    renderOver(answers, <Harness yaml={GATEWAY} Form={GatewayForm} />);
    fireEvent.click(await screen.findByRole('button', { name: 'Add listener' }));
    expect(await screen.findByTestId('listener-http')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'Remove listener http' }));
    expect(screen.queryByTestId('listener-http')).toBeNull();
  });
});

const GRPC = `apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: books, namespace: shop }
spec:
  parentRefs: [{ name: edge }]
  rules:
    - name: list
      matches: [{ method: { service: books.Catalog, method: List } }]
      backendRefs: [{ name: books, port: 80 }]
`;

const GrpcForm = (props: Parameters<typeof GatewayForm>[0]) => <RouteForm {...props} sinceMs={undefined} />;

describe('the form of a GRPCRoute', () => {
  it('edits service and method apart, and its hosts', async () => {
    const split = { sinceMs: 0, total: 0, backends: [] };
    renderOver({ ...answers, 'split.measured': split }, <Harness yaml={GRPC} Form={GrpcForm} />);
    const card = await screen.findByTestId('rule-list');
    const service = within(card).getByLabelText('gRPC service');
    expect((service as HTMLInputElement).value).toBe('books.Catalog');
    fireEvent.change(within(card).getByLabelText('gRPC method'), { target: { value: 'Get' } });
    expect(text).toContain('method: Get');
    fireEvent.click(await screen.findByRole('button', { name: 'host' }));
    fireEvent.change(await screen.findByLabelText('Host 1'), { target: { value: 'Books.example' } });
    expect(readRoute(text)).toMatchObject({ ok: true, view: { hostnames: ['books.example'] } });
  });
});
