// From a world to the snapshot of one proxy: compile, plan in its dialect, encode what is not encoded yet.
import { defaults } from '@malha/model';
import { compile, type ModeTransition, type WorldIndex } from '@malha/policies';
import {
  type Dialect,
  type DialectContext,
  type ResourcePlan,
  type SecretFiles,
  UnencodableError,
} from '../dialects/dialect.ts';
import { type EncodedResource, ResourceEncoder } from './resource-encoder.ts';
import { Snapshot } from './snapshot.ts';

export interface SnapshotRequest {
  readonly index: WorldIndex;
  readonly revision: number;
  readonly sequence: number;
  readonly transition: ModeTransition | undefined;
  /** `<namespace>/<workload>`, in the index. */
  readonly scope: string;
  readonly dialect: Dialect;
  readonly secretFiles: SecretFiles | undefined;
  readonly certificateOf: DialectContext['certificateOf'];
  /** Of the same scope and dialect: a resource that cannot be encoded stays as it was there. */
  readonly former: Snapshot | undefined;
}

export interface SnapshotBuilderOptions {
  readonly onUnencodable: (scope: string, error: UnencodableError) => void;
}

export class SnapshotBuilder {
  readonly #options: SnapshotBuilderOptions;
  readonly #encoders = new Map<string, ResourceEncoder>();

  constructor(options: SnapshotBuilderOptions) {
    this.#options = options;
  }

  /** To be called with each new index. */
  nextGeneration(): void {
    for (const encoder of this.#encoders.values()) encoder.nextGeneration();
  }

  /** The former snapshot itself where nothing changed. */
  build(request: SnapshotRequest): Snapshot {
    const { index, revision, sequence, transition, scope, dialect, former } = request;
    const slash = scope.indexOf('/');
    const { config } = compile(
      index,
      { namespace: scope.slice(0, slash), workload: scope.slice(slash + 1) },
      transition === undefined ? {} : { transition },
    );
    const resources: EncodedResource[] = [];
    for (const plan of dialect.plan(config, contextOf(request))) {
      const encoded = this.#encode(plan, request);
      if (encoded !== undefined) resources.push(encoded);
    }
    if (former?.consistsOf(resources) === true) return former;
    return new Snapshot({ revision, sequence, dialect: dialect.name, scope }, resources);
  }

  #encode(plan: ResourcePlan, { dialect, scope, former }: SnapshotRequest): EncodedResource | undefined {
    try {
      return this.#encoderOf(dialect).encode(plan);
    } catch (error) {
      if (!(error instanceof UnencodableError)) throw error;
      this.#options.onUnencodable(scope, error);
      return former?.ofType(plan.typeUrl).get(plan.name);
    }
  }

  #encoderOf(dialect: Dialect): ResourceEncoder {
    let encoder = this.#encoders.get(dialect.name);
    if (encoder === undefined) {
      encoder = new ResourceEncoder();
      this.#encoders.set(dialect.name, encoder);
    }
    return encoder;
  }
}

function contextOf({ index, scope, secretFiles, certificateOf }: SnapshotRequest): DialectContext {
  const spec = index.linked.workloadsByKey.get(scope)?.resource.spec;
  return {
    address: spec?.address ?? '127.0.0.1',
    inboundPort: spec?.inboundPort ?? defaults.inboundPort,
    outboundPort: defaults.outboundPort,
    trustDomain: index.world.trustDomain,
    secretFiles,
    certificateOf,
  };
}
