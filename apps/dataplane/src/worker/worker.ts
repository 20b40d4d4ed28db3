// The worker itself: one DataPlane with its recorder and its decoded configuration, in whatever thread it is hosted.
import type { MeshConfig } from '@malha/traffic';
import type { Clock } from '@malha/traffic/clock';
import { DataPlane, type DataPlaneStats, type SecretMaterial } from '../data-plane.ts';
import { CertificateSources } from '../gateway/certificate-sources.ts';
import type { GatewayCertificate } from '../gateway/certificates.ts';
import type { FoundCountries } from '../gateway/client-countries.ts';
import type { CountryFile } from '../gateway/country-file.ts';
import { createRecorder, type MetricsSnapshot, type Recorder, type SpanRecord } from '../telemetry/recorder.ts';
import type { BoundPorts, WorkerPort, WorkerSetup } from './worker-port.ts';

interface Running {
  readonly dataPlane: DataPlane;
  readonly recorder: Recorder;
  readonly certificates: CertificateSources;
  readonly countries: Pick<CountryFile, 'follow' | 'close'>;
}

export class Worker implements WorkerPort {
  #running: Running | undefined;
  #config: MeshConfig | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  async setUp(setup: WorkerSetup): Promise<void> {
    const recorder = createRecorder({ workload: setup.workload, startTimeMs: setup.startTimeMs, clock: this.clock });
    const dataPlane = new DataPlane({
      workload: setup.workload,
      bind: setup.bind,
      telemetry: recorder,
      clock: this.clock,
      random: this.random,
      limits: setup.limits,
    });
    const certificates = new CertificateSources(setup.certificatesDir, (found) => dataPlane.setCertificates(found));
    const countries = await countriesOf(setup.geoipDatabase, (found) => dataPlane.setCountries(found));
    this.#running = { dataPlane, recorder, certificates, countries };
  }

  listen(): Promise<BoundPorts> {
    return this.#parts().dataPlane.start();
  }

  async applyConfig(config: MeshConfig): Promise<void> {
    // Before the ports that show them: the first handshake must not fail.
    await this.#parts().certificates.follow(config.gateways ?? []);
    if (config.gateways !== undefined) await this.#parts().countries.follow();
    this.#parts().dataPlane.apply(config);
    this.#config = config;
    await this.#parts().dataPlane.portsOpened();
  }

  async setCertificates(certificates: readonly GatewayCertificate[]): Promise<void> {
    await this.#parts().certificates.take(certificates);
  }

  async setIdentity(secrets: SecretMaterial | undefined): Promise<void> {
    this.#parts().dataPlane.setIdentity(secrets);
  }

  async config(): Promise<MeshConfig | undefined> {
    return this.#config;
  }

  async stats(): Promise<DataPlaneStats> {
    return this.#parts().dataPlane.stats();
  }

  async metrics(): Promise<MetricsSnapshot> {
    return this.#parts().recorder.collect();
  }

  async takeSpans(): Promise<readonly SpanRecord[]> {
    return this.#parts().recorder.takeSpans();
  }

  async drain(deadlineMs: number): Promise<void> {
    await this.#parts().dataPlane.drain(deadlineMs);
  }

  async close(): Promise<void> {
    this.#running?.certificates.close();
    this.#running?.countries.close();
    this.#running?.dataPlane.close();
  }

  #parts(): Running {
    if (this.#running === undefined) throw new Error('worker: used before setUp');
    return this.#running;
  }
}

/** The reader of databases is loaded only where there is one. */
async function countriesOf(
  file: string | undefined,
  onFound: (found: FoundCountries) => void,
): Promise<Running['countries']> {
  if (file === undefined) return { follow: async () => {}, close: () => {} };
  const module = await import('../gateway/country-file.ts');
  return new module.CountryFile(file, onFound);
}
