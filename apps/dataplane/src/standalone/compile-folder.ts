// A folder's resources as the configuration of one workload: parse, analyse, compile. Pure but for reading the folder.

import type { QualifiedName } from '@malha/cli/option-types';
import type { Finding } from '@malha/model';
import { analyze, buildIndex, compile, type World } from '@malha/policies';
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
  const world: World = {
    resources: written,
    workloads: written.filter((each) => each.kind === 'Workload'),
    trustDomain: options.trustDomain ?? DEFAULT_TRUST_DOMAIN,
    plaintext: options.trustDomain === undefined,
  };
  const index = buildIndex(world);
  const scope = { namespace: options.workload.namespace, workload: options.workload.name };
  const { config, quarantined } = compile(index, scope);
  const doubtful = analyze(index).filter((finding) => finding.severity !== 'info');
  return { own, config, findings: distinct([...quarantined, ...doubtful]) };
}

function distinct(findings: readonly Finding[]): readonly Finding[] {
  return [
    ...new Map(findings.map((each) => [`${each.code} ${each.object} ${each.path} ${each.message}`, each])).values(),
  ];
}
