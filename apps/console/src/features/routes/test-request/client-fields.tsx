'use client';
// What is known of a client outside: rules may ask for the country, and for what proxies before the gateway say of the address.
import { TextField } from '#components/ui/field.tsx';

export interface Client {
  readonly address: string;
  readonly country: string;
}

export const NOBODY: Client = { address: '', country: '' };

const ADDRESS_MAX = 45;

export function isSoundClient({ country }: Client): boolean {
  return country === '' || /^[A-Z]{2}$/.test(country);
}

export function ClientFields({
  client,
  onChange,
}: {
  readonly client: Client;
  readonly onChange: (client: Client) => void;
}) {
  const isSound = isSoundClient(client);
  return (
    <div className="grid grid-cols-[minmax(120px,2fr)_minmax(96px,1fr)] gap-2">
      <TextField
        aria-label="Address of the client"
        placeholder="any address"
        mono
        maxLength={ADDRESS_MAX}
        value={client.address}
        onChange={(event) => onChange({ ...client, address: event.target.value.trim() })}
      />
      <TextField
        aria-label="Country of the client"
        placeholder="no country"
        mono
        maxLength={2}
        value={client.country}
        invalid={!isSound}
        title={isSound ? undefined : 'two letters, such as PT'}
        onChange={(event) => onChange({ ...client, country: event.target.value.trim().toUpperCase() })}
      />
    </div>
  );
}
