// A change of mTLS modes goes out in steps, so that no call is refused: callees take both, callers switch, then it narrows.
import { changesModes, type ModeTransition, type WorldIndex } from '@malha/policies';

type State =
  | { readonly step: 'none'; readonly active: WorldIndex | undefined }
  | { readonly step: 'accept' | 'switch' | 'narrow'; readonly from: WorldIndex; readonly to: WorldIndex };

/** What to push now. */
export interface Stage {
  readonly index: WorldIndex;
  /** `none`: no change of modes is under way. `narrow`, the last of one, has to be active before another may begin. */
  readonly step: State['step'];
  /** Undefined = the index as it is. */
  readonly transition: ModeTransition | undefined;
}

export class ModeChange {
  #state: State = { step: 'none', active: undefined };

  get isUnderWay(): boolean {
    return this.#state.step !== 'none';
  }

  /**
   * Another world. Undefined = it has to wait, because it changes modes again while a change is under way: callers may
   * be on either side of that.
   */
  offer(index: WorldIndex): Stage | undefined {
    const state = this.#state;
    if (state.step !== 'none') {
      if (changesModes(state.to, index)) return undefined;
      this.#state = { ...state, to: index };
    } else if (state.active === undefined || !changesModes(state.active, index)) {
      this.#state = { step: 'none', active: index };
    } else {
      this.#state = { step: 'accept', from: state.active, to: index };
    }
    return this.#stage(index);
  }

  /** The stage under way is active on every proxy that can be reached, or their time is up. */
  advance(): Stage {
    const state = this.#state;
    switch (state.step) {
      case 'none':
        throw new Error('no change of modes is under way');
      case 'accept':
        this.#state = { ...state, step: 'switch' };
        break;
      case 'switch':
        this.#state = { ...state, step: 'narrow' };
        break;
      case 'narrow':
        // What a proxy was told last of this change must not be taken for the first step of the next one.
        this.#state = { step: 'none', active: state.to };
    }
    return this.#stage(state.to);
  }

  #stage(index: WorldIndex): Stage {
    const state = this.#state;
    const isWhole = state.step === 'none' || state.step === 'narrow';
    return { index, step: state.step, transition: isWhole ? undefined : { from: state.from, step: state.step } };
  }
}
