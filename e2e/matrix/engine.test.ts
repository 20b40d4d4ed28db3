// The behaviour matrix on the pure engine.
import { EnginePlayer } from './src/engine.ts';
import { runMatrix } from './src/suite.ts';

runMatrix('engine', async () => new EnginePlayer(), 1_000);
