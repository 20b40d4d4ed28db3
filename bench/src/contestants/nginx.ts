// nginx: the upstream of every contestant, and a contestant itself.
import fs from 'node:fs';
import path from 'node:path';
import { LOAD_CORE, PROXY_CORE, type Running, run, which } from '../processes.ts';
import type { Contestant, IdentityFiles } from './contestant.ts';

export const nginx: Contestant = {
  name: 'nginx',
  scenarios: ['single', 'mtls-pair', 'grpc'],
  missing: () => (which('nginx') === undefined ? 'nginx is not installed (Debian: nginx-light)' : undefined),
  start: async (scenario, environment) => {
    const port = await environment.freePort();
    const upstream = `127.0.0.1:${environment.upstreamPort}`;
    if (scenario === 'single') {
      const configuration = proxy({ listen: String(port), upstream });
      const proxies = [await start('nginx', configuration, environment.directory, port, PROXY_CORE)];
      return { proxies, port, headers: {}, configuration, features: ['keep-alive upstream'] };
    }
    if (scenario === 'grpc') {
      const configuration = base(`upstream app { server 127.0.0.1:${environment.grpcPort}; keepalive 64; }
  server { listen 127.0.0.1:${port} http2 backlog=4096; location / { grpc_pass grpc://app; } }`);
      const proxies = [await start('nginx-grpc', configuration, environment.directory, port, PROXY_CORE)];
      return { proxies, port, headers: {}, configuration, features: ['HTTP/2 on both sides'] };
    }
    const inner = await environment.freePort();
    const { client, server } = environment.identities;
    const outbound = proxy({ listen: String(port), upstream: `127.0.0.1:${inner}`, clientTls: client });
    const inbound = proxy({ listen: `${inner} ssl`, upstream, serverTls: server });
    const proxies = [
      await start('nginx-in', inbound, environment.directory, inner, PROXY_CORE),
      await start('nginx-out', outbound, environment.directory, port, PROXY_CORE),
    ];
    const features = ['HTTP/1.1 between', 'mutual TLS 1.3', 'no telemetry, no authorization'];
    return { proxies, port, headers: {}, configuration: `${outbound}\n${inbound}`, features };
  },
};

/** Answers every request with 60 bytes of JSON, `/large` with 1 MiB. */
export function startUpstream(directory: string, port: number): Promise<Running> {
  const body = '{"isbn":"9780141439518","title":"Pride and Prejudice","n":1}';
  const root = path.join(directory, 'files');
  fs.mkdirSync(root, { recursive: true });
  fs.writeFileSync(path.join(root, 'large'), Buffer.alloc(1_048_576, 'x'));
  const configuration = base(`server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /large { root ${root}; sendfile on; }
    location / { default_type application/json; return 200 '${body}'; }
  }`);
  return start('upstream', configuration, directory, port, LOAD_CORE);
}

/** Answers every call with a message of two bytes and status 0. A static file takes no POST, so its refusal is the answer. */
export function startGrpcUpstream(directory: string, port: number): Promise<Running> {
  const root = path.join(directory, 'grpc');
  fs.mkdirSync(root, { recursive: true });
  fs.writeFileSync(path.join(root, 'reply'), Buffer.from([0, 0, 0, 0, 2, 8, 1]));
  const configuration = base(`server {
    listen 127.0.0.1:${port} http2 backlog=4096;
    root ${root}; default_type application/grpc;
    location / { error_page 405 =200 /reply; return 405; }
    location = /reply { error_page 405 =200 /reply; add_trailer grpc-status 0 always; }
  }`);
  return start('grpc-upstream', configuration, directory, port, LOAD_CORE);
}

interface ProxyOptions {
  readonly listen: string;
  readonly upstream: string;
  readonly clientTls?: IdentityFiles;
  readonly serverTls?: IdentityFiles;
}

function proxy({ listen, upstream, clientTls, serverTls }: ProxyOptions): string {
  const server = serverTls
    ? `ssl_certificate ${serverTls.certificate}; ssl_certificate_key ${serverTls.key};
    ssl_client_certificate ${serverTls.trust}; ssl_verify_client on; ssl_verify_depth 3; ssl_protocols TLSv1.3;`
    : '';
  const client = clientTls
    ? `proxy_ssl_certificate ${clientTls.certificate}; proxy_ssl_certificate_key ${clientTls.key};
      proxy_ssl_trusted_certificate ${clientTls.trust}; proxy_ssl_verify_depth 3; proxy_ssl_protocols TLSv1.3;`
    : '';
  return base(`upstream app { server ${upstream}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${listen} backlog=4096; ${server}
    location / {
      proxy_pass ${clientTls ? 'https' : 'http'}://app;
      proxy_http_version 1.1; proxy_set_header Connection ''; ${client}
    }
  }`);
}

function base(servers: string): string {
  return `worker_processes 1; daemon off; error_log /dev/null crit;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
  ${servers}
}
`;
}

function start(name: string, configuration: string, directory: string, port: number, core: number): Promise<Running> {
  const prefix = path.join(directory, name);
  fs.mkdirSync(path.join(prefix, 'tmp'), { recursive: true });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${path.join(prefix, 'tmp', kind)};`)
    .join(' ');
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  const file = path.join(prefix, 'nginx.conf');
  fs.writeFileSync(
    file,
    `${user}pid ${path.join(prefix, 'pid')};\n${configuration.replace('http {', `http { ${temporary}`)}`,
  );
  return run({ name, command: which('nginx') ?? 'nginx', args: ['-p', prefix, '-c', file], core, port });
}
