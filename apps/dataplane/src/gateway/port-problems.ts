// Says in the log why ports of a gateway are not served: nobody outside can tell.
import type { Log } from '../log.ts';
import type { WorkerPort } from '../worker/worker-port.ts';

export class PortProblems {
  readonly #worker: WorkerPort;
  readonly #log: Log;
  #said: ReadonlySet<string> = new Set();

  constructor(worker: WorkerPort, log: Log) {
    this.#worker = worker;
    this.#log = log;
  }

  /** Each problem once, and again only after it was gone. */
  async report(): Promise<void> {
    const { gateways } = await this.#worker.stats();
    const problems = gateways.flatMap(({ port, problems: of }) => of.map((words) => `gateway port ${port}: ${words}`));
    for (const problem of problems) if (!this.#said.has(problem)) this.#log.error(problem);
    this.#said = new Set(problems);
  }
}
