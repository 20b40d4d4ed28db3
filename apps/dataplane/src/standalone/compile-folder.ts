// A folder's resources as the configuration of one workload: parse, analyse, compile. Pure but for reading the folder.

import type { QualifiedName } from '@malha/cli/option-types';
import { type Finding, MESH_NAMESPACE, type Resource } from '@malha/model';
import { analyze, compile, type World } from '@malha/policies';
import type { MeshConfig } from '@malha/traffic';
import { findOwnWorkload, type OwnWorkload } from './own-workload.ts';
import { parseFiles, type SourceFile } from './resource-folder.ts';

export interface CompiledFolder {
  readonly own: OwnWorkload;
  readonly config: MeshConfig;
  /** What was left out or is doubtful; none of it stops the rest. */
  readonly findings: readonly Finding[];
}

export interface CompileOptions {
  readonly workload: QualifiedName;
  /** Undefined without an identity: then nobody in these resources speaks mTLS. */
  readonly trustDomain: string | undefined;
}

const DEFAULT_TRUST_DOMAIN = 'mesh.local';

/** Throws StandaloneError with all findings when a file is wrong or the workload is missing. */
export function compileFolder(files: readonly SourceFile[], options: CompileOptions): CompiledFolder {
  const written = parseFiles(files);
  const own = findOwnWorkload(written, options.workload);
  const resources = options.trustDomain === undefined ? withoutMtls(written) : written;
  const world: World = {
    resources,
    workloads: resources.filter((each) => each.kind === 'Workload'),
    trustDomain: options.trustDomain ?? DEFAULT_TRUST_DOMAIN,
  };
  const { config, quarantined } = compile(world, {
    namespace: options.workload.namespace,
    workload: options.workload.name,
  });
  const doubtful = analyze(world).filter((finding) => finding.severity !== 'info');
  return { own, config, findings: distinct([...quarantined, ...doubtful]) };
}

function withoutMtls(resources: readonly Resource[]): readonly Resource[] {
  return [
    ...resources.filter((each) => each.kind !== 'PeerAuthentication'),
    {
      apiVersion: 'malha.dev/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'standalone-without-identity', namespace: MESH_NAMESPACE },
      spec: { targetRef: { kind: 'Mesh', name: 'mesh' }, mode: 'DISABLE' },
    },
  ];
}

function distinct(findings: readonly Finding[]): readonly Finding[] {
  return [
    ...new Map(findings.map((each) => [`${each.code} ${each.object} ${each.path} ${each.message}`, each])).values(),
  ];
}
