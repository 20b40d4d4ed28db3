// A range of IPv4 addresses given out by slot number; pure arithmetic.
import { RegistryError } from './errors.ts';

const CIDR = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;
/** Slot 0 is the network, slot 1 is left to the host, as gateways usually are. */
const FIRST_SLOT = 2;

export class AddressRange {
  readonly firstSlot = FIRST_SLOT;
  /** The last address is the broadcast address. */
  readonly lastSlot: number;
  readonly #base: number;

  /** `127.64.0.0/16`; from /8 to /29. */
  constructor(cidr: string) {
    const match = CIDR.exec(cidr);
    const octets = (match ?? []).slice(1, 5).map(Number);
    const prefix = Number(match?.[5] ?? Number.NaN);
    const size = 2 ** (32 - prefix);
    const base = octets.reduce((value, octet) => value * 256 + octet, 0);
    if (match === null || octets.some((octet) => octet > 255) || prefix < 8 || prefix > 29 || base % size !== 0) {
      throw new RegistryError('invalid', 'MALHA5050', `${JSON.stringify(cidr)} is not an IPv4 range from /8 to /29`);
    }
    this.#base = base;
    this.lastSlot = size - 2;
  }

  addressOf(slot: number): string {
    const value = this.#base + slot;
    return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
  }

  /** Undefined for an address outside of the range. */
  slotOf(address: string): number | undefined {
    const octets = address.split('.').map(Number);
    if (octets.length !== 4 || octets.some((octet) => !Number.isInteger(octet) || octet < 0 || octet > 255)) {
      return undefined;
    }
    const slot = octets.reduce((value, octet) => value * 256 + octet, 0) - this.#base;
    return slot >= 0 && slot <= this.lastSlot + 1 ? slot : undefined;
  }
}
