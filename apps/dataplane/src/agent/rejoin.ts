// Joins again when the control plane no longer takes the workload for a member, while traffic goes on with what there is.
import type { Clock } from '@malha/traffic/clock';
import type { JoinConfig } from '../config.ts';
import { type Log, reasonOf } from '../log.ts';
import { type Application, invitationOf, joinWith } from './enrol.ts';
import { AgentError } from './errors.ts';
import type { Credentials, Membership } from './membership.ts';

/** The first try is at once; an operator who makes a token need not wait long for the next. */
const RETRY_MS = 15_000;

/** What OpenSSL says of a chain that leads to another root than the trusted one. */
const ANOTHER_ROOT = /self.signed certificate|unable to (?:get local issuer|verify the first) certificate/i;

export interface RejoinDeps {
  readonly config: JoinConfig;
  readonly app: Application;
  readonly membership: () => Membership;
  readonly credentials: () => Credentials;
  /** Takes both into use, also for the next start. */
  readonly onJoined: (membership: Membership, credentials: Credentials) => Promise<void>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export class Rejoin {
  #nextMs = Number.NEGATIVE_INFINITY;
  #said = '';

  constructor(private readonly deps: RejoinDeps) {}

  /** After a connection that did not come to be. True when the workload joined again. */
  async after(failure: unknown): Promise<boolean> {
    const { clock, random, log } = this.deps;
    const why = this.#why(failure);
    if (why === undefined || clock.monotonic() < this.#nextMs) return false;
    // Jitter: after a lost database a whole fleet is here at once.
    this.#nextMs = clock.monotonic() + RETRY_MS * (0.5 + random());
    const former = this.deps.membership();
    try {
      const { address } = await this.#join(former);
      this.#said = '';
      log.info(`joined again: ${why}`);
      // The application was told its proxy's address when it started.
      if (address !== former.address) {
        this.#say(`joined again, but with the address ${address} instead of ${former.address}: restart the workload`);
      }
      return true;
    } catch (error) {
      this.#say(`${why}, and the workload cannot join again: ${reasonOf(error)}. ${this.#remedy()}`);
      return false;
    }
  }

  #why(failure: unknown): string | undefined {
    const reason = reasonOf(failure);
    if (reason.includes('MALHA5052')) return 'the control plane does not know this workload any more';
    if (this.deps.clock.now() > this.deps.credentials().notAfterMs) return 'the certificate expired';
    if (ANOTHER_ROOT.test(reason)) return 'the control plane has another root certificate, so it is of another mesh';
    return undefined;
  }

  async #join(former: Membership): Promise<Membership> {
    const { config, app, clock } = this.deps;
    const invitation = invitationOf(config);
    if ('missing' in invitation) throw new Error(`${invitation.missing.join(', ')} was not given`);
    const workload = { ...app, name: former.name, currentAddress: former.address };
    const { membership, credentials } = await joinWith(invitation, config, workload, clock);
    await this.deps.onJoined(membership, credentials);
    return membership;
  }

  #remedy(): string {
    const { service, tokenFile } = this.deps.config;
    const make = `malha join-token create --service ${service.namespace}/${service.name}`;
    const use =
      tokenFile === undefined ? 'start the workload again with its --token' : `write the token to ${tokenFile}`;
    return `Traffic goes on with the last good configuration. Run "${make}" and ${use}`;
  }

  /** Each problem once: this may last for days. */
  #say(problem: string): void {
    if (problem === this.#said) return;
    this.#said = problem;
    this.deps.log.error(reasonOf(new AgentError('MALHA4909', problem)));
  }
}
