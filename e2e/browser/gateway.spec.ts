// What the console knows of clients outside: a request explained by address and country, and the certificate they are shown.
import { createTestCa } from '@malha/testing/test-ca';
import { expect, type Locator } from '@playwright/test';
import { test } from './mesh-test.ts';
import { settled } from './pages.ts';
import { signIn } from './sign-in.ts';

const PORT = 18_443;
const OFFICE = '198.51.100.7';
/** In a namespace of its own: the mesh is that of the other tests too. */
const EDGE = `apiVersion: malha.dev/v1
kind: Service
metadata: {name: web, namespace: outside}
spec: {selector: {app: web}, ports: [{port: 80, appProtocol: http}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front-door, namespace: outside}
spec:
  gatewayClassName: malha
  listeners: [{name: https, port: ${PORT}, protocol: HTTPS, tls: {certificateRefs: [{name: shop-example}]}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: from-outside, namespace: outside}
spec:
  parentRefs: [{name: front-door}]
  hostnames: [shop.example]
  rules:
    - name: office
      matches: [{headers: [{name: x-forwarded-for, value: ${OFFICE}}]}]
      backendRefs: [{name: web, port: 80}]
    - name: near
      matches: [{path: {value: /}}]
      backendRefs: [{name: web, port: 80}]
    - name: rest
      backendRefs: [{name: web, port: 80}]
---
apiVersion: malha.dev/v1
kind: RoutePolicy
metadata: {name: near, namespace: outside}
spec:
  targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: from-outside, sectionName: near}
  match: {countries: [PT]}
`;

async function explain(form: Locator, { address = '', country = '' }: { address?: string; country?: string }) {
  await form.getByLabel('Address of the client').fill(address);
  await form.getByLabel('Country of the client').fill(country);
  await form.getByRole('button', { name: 'Explain' }).click();
}

test('a request from outside is explained by the address and the country of its client', async ({ page, mesh }) => {
  await mesh.apply(EDGE);
  await signIn(page, mesh);
  await page.goto('/routes/outside/from-outside');
  await settled(page);
  const form = page.getByTestId('test-request');
  const winner = form.locator('[data-verdict="winner"]');
  await explain(form, {});
  await expect(winner).toContainText('rest');
  await explain(form, { country: 'pt' });
  await expect(winner).toContainText('near');
  await explain(form, { country: 'pt', address: OFFICE });
  await expect(winner).toContainText('office');
  await form.getByLabel('Country of the client').fill('P');
  await expect(form.getByRole('button', { name: 'Explain' })).toBeDisabled();
});

test('a certificate is stored for a listener, its key only where it belongs to it, and deleted knowingly', async ({
  page,
  mesh,
}) => {
  await mesh.apply(EDGE);
  const ca = createTestCa();
  const [pair, other] = ['web', 'other'].map((name) => ca.issue('outside', name, { dnsNames: ['shop.example'] }));
  await signIn(page, mesh);
  await page.goto('/certificates');
  await settled(page);
  await page.getByRole('button', { name: 'Store a certificate' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Namespace').selectOption('outside');
  await dialog.getByLabel('Name', { exact: true }).fill('shop-example');
  await dialog.getByLabel('Certificate', { exact: true }).fill(pair?.certificateChainPem ?? '');
  await dialog.getByLabel('Private key', { exact: true }).fill(other?.privateKeyPem ?? '');
  await dialog.getByRole('button', { name: 'Store' }).click();
  await expect(dialog).toContainText('The private key does not belong to the certificate.');
  await dialog.getByLabel('Private key', { exact: true }).fill(pair?.privateKeyPem ?? '');
  await dialog.getByRole('button', { name: 'Store' }).click();
  const row = page.getByRole('row').filter({ hasText: 'outside/shop-example' });
  await expect(row).toContainText('outside/front-door listener https');
  await row.getByRole('button', { name: 'Delete outside/shop-example' }).click();
  await expect(page.getByRole('dialog')).toContainText(
    'Handshakes fail at once with outside/front-door listener https',
  );
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(row).toHaveCount(0);
});
