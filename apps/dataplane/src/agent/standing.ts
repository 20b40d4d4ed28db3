// A workload's standing in the mesh: its membership and certificate, on disk and in use; renewed in time, and joined for
// again when the control plane does not know it any more.
import type { Client } from '@grpc/grpc-js';
import type { Clock } from '@malha/traffic/clock';
import type { JoinConfig } from '../config.ts';
import type { SecretMaterial } from '../data-plane.ts';
import type { Log } from '../log.ts';
import type { Application, Enrolled } from './enrol.ts';
import { AgentError } from './errors.ts';
import { IdentityKeeper } from './identity-keeper.ts';
import type { Membership } from './membership.ts';
import { Rejoin } from './rejoin.ts';
import { renew } from './rpc/join.ts';

export interface StandingDeps {
  readonly config: JoinConfig;
  readonly app: Application;
  /** Connection to the control plane, when there is one. */
  readonly client: () => Client | undefined;
  /** Another certificate is on disk: brings it into use. */
  readonly onRenewed: (secrets: SecretMaterial) => Promise<void>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export class Standing {
  readonly #keeper: IdentityKeeper;
  readonly #rejoin: Rejoin;
  #membership: Membership;

  constructor({ membership, credentials, folder }: Enrolled, deps: StandingDeps) {
    const { config, app, clock, random, log } = deps;
    this.#membership = membership;
    this.#keeper = new IdentityKeeper(credentials, {
      ...{ clock, random, log },
      renew: () => {
        const client = deps.client();
        if (client === undefined) throw new AgentError('MALHA4902', 'there is no connection to the control plane');
        return renew(client, clock);
      },
      onRenewed: async (renewed) => {
        folder.saveIdentity(renewed);
        await deps.onRenewed(renewed.secrets);
      },
    });
    this.#rejoin = new Rejoin({
      ...{ config, app, clock, random, log },
      membership: () => this.#membership,
      credentials: () => this.#keeper.current(),
      onJoined: async (joined, credentials) => {
        folder.saveMembership(joined);
        this.#membership = joined;
        await this.#keeper.adopt(credentials);
      },
    });
  }

  get membership(): Membership {
    return this.#membership;
  }

  secrets = (): SecretMaterial => this.#keeper.current().secrets;

  start(): void {
    this.#keeper.start();
  }

  /** The trust bundle is another one. */
  renewNow(): void {
    this.#keeper.renewNow();
  }

  /** After a connection that did not come to be. True when something was done about it. */
  recover(failure: unknown): Promise<boolean> {
    return this.#rejoin.after(failure);
  }

  close(): void {
    this.#keeper.close();
  }
}
