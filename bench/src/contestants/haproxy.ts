// HAProxy with one thread.
import fs from 'node:fs';
import path from 'node:path';
import { PROXY_CORE, run, which } from '../processes.ts';
import type { Contestant, Environment, IdentityFiles } from './contestant.ts';

export const haproxy: Contestant = {
  name: 'HAProxy',
  scenarios: ['single', 'mtls-pair', 'grpc', 'tcp-pair'],
  missing: () => (which('haproxy') === undefined ? 'haproxy is not installed (Debian: haproxy)' : undefined),
  start: async (scenario, environment) => {
    const port = await environment.freePort();
    const upstream = `127.0.0.1:${environment.upstreamPort}`;
    if (scenario === 'single') {
      const configuration = proxy(String(port), upstream, '');
      const proxies = [await start('haproxy', configuration, environment, port)];
      return { proxies, port, headers: {}, configuration, features: ['keep-alive upstream'] };
    }
    if (scenario === 'grpc') {
      const configuration = proxy(`${port} proto h2`, `127.0.0.1:${environment.grpcPort}`, 'proto h2');
      const proxies = [await start('haproxy-grpc', configuration, environment, port)];
      return { proxies, port, headers: {}, configuration, features: ['HTTP/2 on both sides'] };
    }
    const inner = await environment.freePort();
    const { client, server } = environment.identities;
    const clientTls = `ssl crt ${joined(client)} ca-file ${client.trust} verify required`;
    const serverTls = `ssl crt ${joined(server)} ca-file ${server.trust} verify required ssl-min-ver TLSv1.3`;
    const mode = scenario === 'tcp-pair' ? 'tcp' : 'http';
    const outbound = proxy(String(port), `127.0.0.1:${inner}`, clientTls, mode);
    const inbound = proxy(`${inner} ${serverTls}`, upstream, '', mode);
    const proxies = [
      await start(`haproxy-in-${mode}`, inbound, environment, inner),
      await start(`haproxy-out-${mode}`, outbound, environment, port),
    ];
    const features = [
      mode === 'tcp' ? 'bytes' : 'HTTP/1.1 between',
      'mutual TLS 1.3',
      'no telemetry, no authorization',
    ];
    return { proxies, port, headers: {}, configuration: `${outbound}\n${inbound}`, features };
  },
};

function proxy(bind: string, upstream: string, serverTls: string, mode: 'http' | 'tcp' = 'http'): string {
  return `global
  nbthread 1
  maxconn 8000
defaults
  mode ${mode}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  ${mode === 'http' ? 'http-reuse always' : ''}
frontend in
  bind 127.0.0.1:${bind}
  default_backend app
backend app
  server app ${upstream} ${serverTls}
`;
}

/** HAProxy wants certificate and key in one file. */
function joined(identity: IdentityFiles): string {
  const file = path.join(identity.directory, 'joined.pem');
  fs.writeFileSync(file, fs.readFileSync(identity.certificate, 'utf8') + fs.readFileSync(identity.key, 'utf8'));
  return file;
}

function start(name: string, configuration: string, environment: Environment, port: number) {
  const file = path.join(environment.directory, `${name}.cfg`);
  fs.writeFileSync(file, configuration);
  return run({ name, command: which('haproxy') ?? 'haproxy', args: ['-db', '-f', file], core: PROXY_CORE, port });
}
