// One proxy on its own, as the program that users run, before one application.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { Program, temporaryFolder } from '../../apps/dataplane/test/program.ts';

export interface LoneProxy {
  readonly pid: number;
  /** Port of the application's calls; the Host is `echo`. */
  readonly outboundPort: number;
  readonly adminPort: number;
  /** CPU time so far, milliseconds. */
  cpuMs(): number;
  residentMiB(): number;
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

const CLOCK_TICKS_PER_SECOND = 100;
const PORTS = ['--outbound-port', '0', '--inbound-port', '0', '--admin-port', '0'];

const service = (name: string) => `apiVersion: malha.dev/v1
kind: Service
metadata: {name: ${name}, namespace: demo}
spec: {selector: {app: ${name}}, ports: [{name: http, port: 80, targetPort: 9080, appProtocol: http}]}
`;

const workload = (name: string, spec: string) => `apiVersion: malha.dev/v1
kind: Workload
metadata: {name: ${name}-1, namespace: demo, labels: {app: ${name}}}
spec: {address: 127.0.0.1, ${spec}}
`;

export async function startLoneProxy(appPort: number): Promise<LoneProxy> {
  const folder = temporaryFolder();
  const address = `ports: [{port: 9080, appAddress: "127.0.0.1:${appPort}"}]`;
  const documents = [
    service('caller'),
    workload('caller', `inboundPort: 15006, ${address}`),
    service('echo'),
    workload('echo', `model: none, ${address}`),
  ];
  fs.writeFileSync(path.join(folder, 'mesh.yaml'), documents.join('---\n'));
  const program = new Program(['proxy', '--resources', folder, '--workload', 'demo/caller-1', ...PORTS]);
  const { outbound, admin } = await program.ready();
  const { pid } = program;
  return {
    pid,
    outboundPort: portOf(outbound),
    adminPort: portOf(admin),
    cpuMs: () => cpuMs(pid),
    residentMiB: () => residentMiB(pid),
    metrics: () => get(portOf(admin), '/stats'),
    async stop() {
      program.kill('SIGKILL');
      await program.exited;
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

function residentMiB(pid: number): number {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1_024;
}

function cpuMs(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND) * 1_000;
}

function get(port: number, target: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get({ port, host: '127.0.0.1', path: target, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve(body));
    });
    request.on('error', reject);
  });
}
