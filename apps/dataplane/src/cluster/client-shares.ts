// Shares out a limit of requests among the clients of an edge proxy: one that holds all of it leaves some for the others.

/** Beyond the limit, this part of it is for clients that hold less than their share. */
const HEADROOM_PART = 8;

export class ClientShares {
  private readonly held = new Map<string, number>();

  /**
   * Whether one more request of `client` may begin when `active` are under way. Below the limit everybody may, so that one
   * client alone is never held back; above it only who has less than an equal share.
   */
  admits(client: string, active: number, limit: number): boolean {
    if (active < limit) return true;
    if (client === '' || active >= limit + Math.floor(limit / HEADROOM_PART)) return false;
    const own = this.held.get(client) ?? 0;
    const clients = this.held.size + (own === 0 ? 1 : 0);
    return own < Math.floor(limit / clients);
  }

  started(client: string): void {
    if (client !== '') this.held.set(client, (this.held.get(client) ?? 0) + 1);
  }

  finished(client: string): void {
    if (client === '') return;
    const left = (this.held.get(client) ?? 0) - 1;
    if (left > 0) this.held.set(client, left);
    else this.held.delete(client);
  }
}
