// Version of this program, as it reports itself.
import manifest from '../../package.json' with { type: 'json' };

export const SOFTWARE_VERSION: string = manifest.version;
