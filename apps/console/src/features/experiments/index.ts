// What other pages use of faults and experiments.
export { ExperimentsPanel } from './experiments-panel.tsx';
export { FaultsPanel } from './faults-panel.tsx';
export { LazyRunningFaults } from './lazy-running-faults.tsx';
export { NewExperiment } from './new-experiment.tsx';
export { runningOf, useFaults } from './use-faults.ts';
