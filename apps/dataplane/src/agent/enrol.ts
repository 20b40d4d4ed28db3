// How a process becomes a member at its start: from its state on disk, else by joining with a token.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { HostPort } from '@malha/cli/option-types';
import type { Clock } from '@malha/traffic/clock';
import type { JoinConfig } from '../config.ts';
import type { Log } from '../log.ts';
import { AgentError } from './errors.ts';
import { type Credentials, isPinned, type Membership } from './membership.ts';
import type { Joined } from './rpc/join.ts';
import { type SavedConfig, type SavedState, StateFolder } from './state-folder.ts';

export interface Enrolled {
  readonly membership: Membership;
  readonly credentials: Credentials;
  /** Last good configuration of an earlier process. */
  readonly savedConfig: SavedConfig | undefined;
  readonly folder: StateFolder;
}

export interface Application {
  readonly ports: readonly { readonly port: number; readonly appAddress: string }[];
}

/** The folder is claimed for this process; the caller releases it. */
export async function enrol(config: JoinConfig, app: Application, clock: Clock, log: Log): Promise<Enrolled> {
  const folder = knownFolder(config);
  if (folder === undefined) return joinAnew(config, app, clock, 'neither --workload nor --state-dir names it');
  folder.claim();
  try {
    const saved = usableState(folder, config, clock);
    if ('unusable' in saved) return await joinAnew(config, app, clock, saved.unusable, folder);
    log.info('using the certificate on disk', { notAfter: new Date(saved.credentials.notAfterMs).toISOString() });
    return { ...saved, savedConfig: saved.config, folder };
  } catch (error) {
    folder.release();
    throw error;
  }
}

function knownFolder({ stateDir, stateRoot, service, workloadName }: JoinConfig): StateFolder | undefined {
  if (stateDir !== undefined) return new StateFolder(stateDir);
  return workloadName === undefined ? undefined : folderOf(stateRoot, service.namespace, workloadName);
}

function folderOf(stateRoot: string, namespace: string, workload: string): StateFolder {
  return new StateFolder(path.join(stateRoot, 'agents', `${namespace}.${workload}`));
}

function usableState(
  folder: StateFolder,
  config: JoinConfig,
  clock: Clock,
): SavedState | { readonly unusable: string } {
  const saved = folder.load(clock.now());
  if ('unusable' in saved) return saved;
  const { membership, credentials } = saved;
  const service = `${config.service.namespace}/${config.service.name}`;
  if (membership.service !== service) return { unusable: `it is for the service ${membership.service}` };
  if (config.workloadName !== undefined && config.workloadName !== membership.name) {
    return { unusable: `it is for the workload ${membership.name}` };
  }
  if (config.caPin !== undefined && !isPinned(credentials.secrets.trustBundlePem, config.caPin)) {
    return { unusable: 'it is of another mesh than --ca-pin names' };
  }
  return saved;
}

/** What it takes to join. */
export interface Invitation {
  readonly controlPlane: HostPort;
  readonly caPin: string;
  readonly token: string;
}

/** The options of the moment, or the names of those that are missing. Throws MALHA4904 for an unreadable token file. */
export function invitationOf(config: JoinConfig): Invitation | { readonly missing: readonly string[] } {
  const { controlPlane, caPin } = config;
  const token = config.token ?? tokenIn(config.tokenFile);
  if (controlPlane !== undefined && caPin !== undefined && token !== undefined) return { controlPlane, caPin, token };
  return {
    missing: [
      ...(controlPlane === undefined ? ['--control-plane'] : []),
      ...(caPin === undefined ? ['--ca-pin'] : []),
      ...(token === undefined ? ['--token'] : []),
    ],
  };
}

function tokenIn(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new AgentError('MALHA4904', `the file of the join token, ${file}, cannot be read`, { cause });
  }
}

/** One try. `currentAddress`: where the workload listens already. */
export async function joinWith(
  { controlPlane, caPin, token }: Invitation,
  config: JoinConfig,
  workload: Application & { readonly name: string | undefined; readonly currentAddress?: string },
  clock: Clock,
): Promise<Joined> {
  // Loaded only when it is needed: a start from disk joins nothing.
  const { join } = await import('./rpc/join.ts');
  const wish = {
    service: `${config.service.namespace}/${config.service.name}`,
    version: config.version,
    ports: workload.ports,
    workloadName: workload.name,
    hostname: os.hostname(),
    model: config.model,
    labels: config.labels,
    ...(workload.currentAddress === undefined ? {} : { currentAddress: workload.currentAddress }),
  };
  return join(controlPlane, caPin, token, wish, clock);
}

async function joinAnew(
  config: JoinConfig,
  app: Application,
  clock: Clock,
  whyNotState: string,
  claimed?: StateFolder,
): Promise<Enrolled> {
  const invitation = invitationOf(config);
  if ('missing' in invitation) {
    const missing = invitation.missing.join(', ');
    throw new AgentError('MALHA4901', `there is no usable state on disk (${whyNotState}); to join, give ${missing}`);
  }
  const { membership, credentials } = await joinWith(invitation, config, { ...app, name: config.workloadName }, clock);
  const folder = claimed ?? folderOf(config.stateRoot, membership.namespace, membership.name);
  if (claimed === undefined) folder.claim();
  folder.saveIdentity(credentials);
  folder.saveMembership(membership);
  return { membership, credentials, savedConfig: undefined, folder };
}
