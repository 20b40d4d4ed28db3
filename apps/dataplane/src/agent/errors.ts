// Failures of the agent, each with a stable code of docs/errors.md. Messages say what to do.
export type AgentErrorCode =
  | 'MALHA4901' // neither valid state nor a way to join
  | 'MALHA4902' // the control plane could not be reached
  | 'MALHA4903' // the control plane is not the pinned one
  | 'MALHA4904' // the join was refused
  | 'MALHA4905' // the state folder is unusable
  | 'MALHA4906' // another agent runs on this state
  | 'MALHA4907' // the control plane answered with something unusable
  | 'MALHA4908' // the command could not be started
  | 'MALHA4909'; // the workload has to join again and cannot

export class AgentError extends Error {
  override readonly name = 'AgentError';
  constructor(
    readonly code: AgentErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
