// Loopback addresses that belong to one test process: several may run beside each other.
import type { Backends } from './backends.ts';
import { MEMBERS, type Places } from './stage.ts';

/** `model` also chooses the range, so that both kinds of proxies can run at once. */
export function placesFor(model: Places['model'], backends: Backends): Places {
  const first = model === 'envoy' ? 10 : 20;
  return {
    model,
    addressOf: (member) =>
      `127.${(process.pid % 150) + 70}.${(process.pid >> 4) % 250}.${first + MEMBERS.indexOf(member)}`,
    appPort: backends.appPort,
  };
}
