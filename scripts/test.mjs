// `npm test`: everything that CI runs; `npm run test:long` adds the long checks. Installs what it needs.
import { checkNode, ensureInstalled } from './setup/install.mjs';

checkNode();
ensureInstalled((line) => console.log(line));
const { register } = await import('tsx/esm/api');
register();
await import('./test/main.ts');
