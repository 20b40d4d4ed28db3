// `test` with a mesh of its own: the bookstore under load, started once for all files.
import { type StartedMesh, startMesh } from '@malha/testing/started-mesh';
import { test as base } from '@playwright/test';

const START_WITHIN_MS = 300_000;
/** Of its addresses: apart from those of the scenarios and of a developer's own mesh. */
const NETWORK = 106;
/** Visits a second: enough for thousands of measured requests within a minute, light on two cores. */
const SHOPPER_RATE = 60;

export const test = base.extend<object, { mesh: StartedMesh }>({
  mesh: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures that are asked for from this pattern
    async ({}, use) => {
      const mesh = await startMesh({ bookstore: true, network: NETWORK, shopperRate: SHOPPER_RATE });
      await use(mesh);
      await mesh.stop();
    },
    { scope: 'worker', timeout: START_WITHIN_MS },
  ],
  baseURL: async ({ mesh }, use) => use(mesh.consoleUrl),
});

/** Sets the load generator's visits a second. */
export async function setShopperRate(mesh: StartedMesh, perSecond: number): Promise<void> {
  const response = await fetch(`${mesh.shopperControlUrl}/rate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ perSecond }),
  });
  if (!response.ok) throw new Error(`the load generator answered ${response.status}`);
}
