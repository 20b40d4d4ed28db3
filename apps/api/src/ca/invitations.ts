// A join token with the command that uses it, as both the console and the CLI show it.
import type { Resource } from '@malha/model';
import type { MintedToken, TokenOrder } from './join-tokens.ts';

/** Where the Service does not say it. */
const PORT_DEFAULT = 8080;
const VERSION_DEFAULT = 'v1';

export interface Invitation extends MintedToken {
  /** For a shell on the workload's host; only the program's own command is left to fill in. */
  readonly command: string;
}

export interface InvitationsDeps {
  readonly mint: (order: TokenOrder, createdBy: string) => Promise<MintedToken>;
  readonly pin: () => string;
  /** `host:port` of the join port as agents reach it. */
  readonly joinAddress: () => string;
  /** By key; undefined where there is none (yet). */
  readonly resourceOf: (key: `Service/${string}/${string}`) => Resource | undefined;
}

export class Invitations {
  readonly #deps: InvitationsDeps;

  constructor(deps: InvitationsDeps) {
    this.#deps = deps;
  }

  async create(order: TokenOrder, createdBy: string): Promise<Invitation> {
    const minted = await this.#deps.mint(order, createdBy);
    return { ...minted, command: this.#command(order, minted.token) };
  }

  #command({ namespace, service }: TokenOrder, token: string): string {
    const { pin, joinAddress, resourceOf } = this.#deps;
    const found = resourceOf(`Service/${namespace}/${service}`);
    const spec = found?.kind === 'Service' ? found.spec : undefined;
    const [first] = spec?.ports ?? [];
    const port = typeof first?.targetPort === 'number' ? first.targetPort : (first?.port ?? PORT_DEFAULT);
    const version = spec?.versions?.[0]?.name ?? VERSION_DEFAULT;
    return [
      // In the environment, so that the token does not stand in the list of processes.
      `MALHA_JOIN_TOKEN=${token} npx malha join --control-plane ${joinAddress()} --ca-pin ${pin()}`,
      `--service ${namespace}/${service} --version ${version} --port ${port} -- <command>`,
    ].join(' \\\n  ');
  }
}
