// Ports that come and go with the configuration: each is opened, kept or retired. One that cannot be opened holds up none.
import type { Listener } from './listener.ts';

export interface ListeningPort {
  readonly listener: Listener;
  /** No longer wanted: it takes no connections any more, those that it has go on. */
  retired?(): void;
}

export class ListeningPorts<P extends ListeningPort> {
  private readonly address: string;
  private readonly byNumber = new Map<number, P>();
  /** No longer accepting, with connections that have not ended. */
  private readonly leaving = new Set<P>();
  private opening: Promise<unknown> = Promise.resolve();
  private isStarted = false;

  constructor(address: string) {
    this.address = address;
  }

  get openConnections(): number {
    return this.all().reduce((sum, { listener }) => sum + listener.openConnections, 0);
  }

  get(number: number): P | undefined {
    return this.byNumber.get(number);
  }

  /** Those that are wanted, by number. */
  entries(): [number, P][] {
    return [...this.byNumber];
  }

  /** All that have connections or take them, for the drain. */
  all(): P[] {
    return [...this.byNumber.values(), ...this.leaving];
  }

  /** Keeps what is known, opens what is new and retires what is missing. */
  replace(wanted: ReadonlyMap<number, P>): void {
    for (const [number, port] of this.byNumber) if (wanted.get(number) !== port) this.retire(number, port);
    for (const [number, port] of wanted) {
      if (this.byNumber.has(number)) continue;
      this.byNumber.set(number, port);
      if (this.isStarted) this.open(number, port);
    }
  }

  /** Resolves when every port was tried once. */
  async start(): Promise<void> {
    this.isStarted = true;
    for (const [number, port] of this.byNumber) this.open(number, port);
    await this.settled();
  }

  /** Resolves when every port that was opened since was tried once. */
  async settled(): Promise<void> {
    await this.opening;
  }

  stopAccepting(): void {
    for (const { listener } of this.byNumber.values()) listener.stopAccepting();
  }

  destroy(): void {
    for (const { listener } of this.all()) listener.destroy();
  }

  private open(number: number, { listener }: P): void {
    this.opening = Promise.all([this.opening, listener.keepListening(this.address, number)]);
  }

  private retire(number: number, port: P): void {
    this.byNumber.delete(number);
    port.retired?.();
    const { listener } = port;
    listener.stopAccepting();
    listener.drainConnections();
    if (listener.openConnections === 0) return;
    this.leaving.add(port);
    void listener.emptied().then(() => this.leaving.delete(port));
  }
}
