// Asks the control plane, from the server, whether it is there: the sign-in page says so before anybody types.
import { apiUrl } from '#config.ts';

const DEADLINE_MS = 1_000;

export type ControlPlaneState = 'well' | 'silent';

export async function readControlPlane(): Promise<ControlPlaneState> {
  try {
    const response = await fetch(`${apiUrl()}/healthz`, {
      cache: 'no-store',
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    return response.ok ? 'well' : 'silent';
  } catch {
    return 'silent';
  }
}
