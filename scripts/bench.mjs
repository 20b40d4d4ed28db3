// `npm run bench`: installs what is missing, then hands over to bench/src/main.ts.
import { checkNode, ensureInstalled } from './setup/install.mjs';

checkNode();
ensureInstalled((line) => console.log(line));
const { register } = await import('tsx/esm/api');
register();
await import('../bench/src/main.ts');
