// What is known of the countries of clients at the moment: shared by all ports of a gateway, replaced when the file changes.
import type { RouteTable } from '@malha/traffic/config';
import type { CountryDatabase } from './country-database.ts';

/** `problem`: why there is no database, in words; empty when there is one. */
export type FoundCountries =
  | { readonly database: CountryDatabase; readonly problem: '' }
  | { readonly database: undefined; readonly problem: string };

export const NO_COUNTRIES: FoundCountries = {
  database: undefined,
  problem: 'this proxy was started without --geoip-database',
};

export class ClientCountries {
  #found: FoundCountries = NO_COUNTRIES;

  replace(found: FoundCountries): void {
    this.#found = found;
  }

  countryOf(address: string | undefined): string | undefined {
    return address === undefined ? undefined : this.#found.database?.countryOf(address);
  }

  /** For a table whose rules ask for countries. */
  problemsOf(isAsked: boolean): readonly string[] {
    const { problem } = this.#found;
    return !isAsked || problem === '' ? [] : [`no rule for countries matches: ${problem}`];
  }
}

/** Whether a rule of the table asks in which country a client is. */
export function asksForCountries(table: RouteTable | undefined): boolean {
  return table?.virtualHosts.some(({ routes }) => routes.some(({ match }) => match.countries !== undefined)) ?? false;
}
