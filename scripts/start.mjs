// `npm start`: installs what is missing, then hands over to scripts/start/main.ts.
import { checkNode, ensureInstalled } from './setup/install.mjs';

checkNode();
ensureInstalled((line) => console.log(`  ${line}`));
const { register } = await import('tsx/esm/api');
register();
await import('./start/main.ts');
