// The admin, metrics and health endpoints of one proxy, over what the process lets them see.
import type { SecretMaterial } from '../data-plane.ts';
import { PROMETHEUS_CONTENT_TYPE, prometheusText } from '../telemetry/prometheus.ts';
import type { WorkerPort, WorkloadIdentity } from '../worker/worker-port.ts';
import { viewCertificates } from './certificate-view.ts';
import { type HttpEndpoint, json, openHttpEndpoint, type Routes, text } from './http-endpoint.ts';

/** What the endpoints show. */
export interface AdminView {
  readonly worker: WorkerPort;
  readonly workload: WorkloadIdentity;
  /** `draining` and `starting` are not ready. */
  state(): 'starting' | 'ready' | 'draining';
  secrets(): SecretMaterial | undefined;
  /** Where the configuration comes from and whether it is current, for /config_dump. */
  source(): Readonly<Record<string, unknown>>;
  /** Begins to drain and ends the process. */
  drain(): void;
}

export interface AdminPorts {
  readonly adminPort: number | undefined;
  readonly metricsPort: number | undefined;
  readonly healthPort: number | undefined;
}

export interface Admin {
  readonly ports: AdminPorts;
  close(): void;
}

export async function openAdmin(address: string, wanted: AdminPorts, view: AdminView): Promise<Admin> {
  const open: HttpEndpoint[] = [];
  const openOne = async (port: number | undefined, routes: Routes): Promise<number | undefined> => {
    if (port === undefined) return undefined;
    const endpoint = await openHttpEndpoint(address, port, routes);
    open.push(endpoint);
    return endpoint.port;
  };
  const close = () => {
    for (const endpoint of open) endpoint.close();
  };
  try {
    const ports = {
      adminPort: await openOne(wanted.adminPort, adminRoutes(view)),
      metricsPort: await openOne(wanted.metricsPort, { '/metrics': statsRoute(view) }),
      healthPort: await openOne(wanted.healthPort, { '/healthz/ready': readyRoute(view) }),
    };
    return { ports, close };
  } catch (error) {
    close();
    throw error;
  }
}

function adminRoutes(view: AdminView): Routes {
  const routes: Routes = {
    '/ready': readyRoute(view),
    '/stats': statsRoute(view),
    '/config_dump': {
      method: 'GET',
      help: 'the configuration that is served, and where it came from',
      handle: async () => json(await dump(view, 'config')),
    },
    '/clusters': {
      method: 'GET',
      help: 'clusters with their endpoints, connections and limits',
      handle: async () => json(await dump(view, 'clusters')),
    },
    '/certs': {
      method: 'GET',
      help: 'certificates and trust in use',
      handle: async () => json(await dump(view, 'certs')),
    },
    '/drain': {
      method: 'POST',
      help: 'ends gracefully, as SIGTERM does',
      handle: () => {
        view.drain();
        return text('draining\n', 202);
      },
    },
  };
  const help = Object.entries(routes).map(
    ([path, route]) => `${route.method.padEnd(5)}${path.padEnd(14)}${route.help}\n`,
  );
  return { ...routes, '/help': { method: 'GET', help: 'this list', handle: () => text(help.join('')) } };
}

/** The same views for the control plane's dump requests. Throws on an unknown one. */
export async function dump(view: AdminView, what: string): Promise<unknown> {
  switch (what) {
    case 'config':
      return { workload: view.workload, ...view.source(), config: (await view.worker.config()) ?? null };
    case 'clusters':
      return await view.worker.stats();
    case 'certs':
      return viewCertificates(view.secrets());
    case 'stats':
      return await view.worker.metrics();
    default:
      throw new Error(`there is no dump "${what}": config, clusters, certs or stats`);
  }
}

function readyRoute(view: AdminView): Routes[string] {
  return {
    method: 'GET',
    help: '200 when traffic is served, else 503',
    handle: () => text(`${view.state()}\n`, view.state() === 'ready' ? 200 : 503),
  };
}

function statsRoute(view: AdminView): Routes[string] {
  return {
    method: 'GET',
    help: 'Prometheus text',
    handle: async () => {
      const [metrics, { overloads }] = await Promise.all([view.worker.metrics(), view.worker.stats()]);
      const body = prometheusText(metrics, view.workload, overloads);
      return { status: 200, contentType: PROMETHEUS_CONTENT_TYPE, body };
    },
  };
}
