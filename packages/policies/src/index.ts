// From resources to the runtime configuration of one proxy, and the analysis of a whole world.
export { analyze } from './analyze.ts';
export { type CompileOptions, compile, OUTBOUND_ROUTE_TABLE } from './compile.ts';
export { stopOf as faultStopOf } from './fault/apply.ts';
export { certificateRefsOf } from './gateway/certificates.ts';
export { SAMPLE_PERCENT_ANNOTATION } from './tracing.ts';
export { changesModes, type ModeTransition } from './transition.ts';
export { type Compiled, type Scope, type StoredCertificate, UnknownWorkloadError, type World } from './world.ts';
export { buildIndex, WorldIndex } from './world-index.ts';
