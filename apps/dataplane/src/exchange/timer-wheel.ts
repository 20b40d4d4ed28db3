// Coarse deadlines for many objects on one timer: arming and disarming are a few pointer moves, not a system timer each.

/** Deadlines are met within this time after they are due. */
const TICK_MS = 10;
const SLOTS = 1024;

export interface TimerTarget {
  /** Called once when the deadline has passed; may arm the same timer anew. */
  timerFired(timer: WheelTimer): void;
}

/** One deadline of one object, embedded in it for its life. */
export class WheelTimer {
  readonly target: TimerTarget;
  dueMs = 0;
  previous: WheelTimer | undefined;
  next: WheelTimer | undefined;
  slot = -1;

  constructor(target: TimerTarget) {
    this.target = target;
  }

  get isArmed(): boolean {
    return this.slot !== -1;
  }
}

/** `monotonic` in ms. Sleeps until something may be due, and never keeps the process alive. */
export class TimerWheel {
  private readonly monotonic: () => number;
  private readonly slots: (WheelTimer | undefined)[] = new Array<WheelTimer | undefined>(SLOTS).fill(undefined);
  private alarm: NodeJS.Timeout | undefined;
  /** Tick for which the alarm is set. */
  private alarmTick = Number.POSITIVE_INFINITY;
  private armed = 0;
  private doneTick = 0;

  constructor(monotonic: () => number) {
    this.monotonic = monotonic;
  }

  get size(): number {
    return this.armed;
  }

  arm(timer: WheelTimer, dueMs: number): void {
    if (timer.slot !== -1) this.unlink(timer);
    else if (this.armed++ === 0) this.doneTick = Math.max(this.doneTick, Math.floor(this.monotonic() / TICK_MS));
    timer.dueMs = dueMs;
    // A deadline that is already past goes to the next slot to be looked at.
    const tick = Math.max(Math.ceil(dueMs / TICK_MS), this.doneTick + 1);
    const slot = tick % SLOTS;
    const head = this.slots[slot];
    timer.slot = slot;
    timer.previous = undefined;
    timer.next = head;
    if (head !== undefined) head.previous = timer;
    this.slots[slot] = timer;
    if (tick < this.alarmTick) this.setAlarm(tick);
  }

  disarm(timer: WheelTimer): void {
    if (timer.slot === -1) return;
    this.unlink(timer);
    timer.slot = -1;
    this.armed--;
  }

  stop(): void {
    clearTimeout(this.alarm);
    this.alarm = undefined;
    this.alarmTick = Number.POSITIVE_INFINITY;
  }

  /** Fires what is due; public so that tests need no real time. */
  advance(): void {
    const nowMs = this.monotonic();
    const nowTick = Math.floor(nowMs / TICK_MS);
    // After a long pause every slot is looked at once, not once per missed tick.
    let tick = Math.max(this.doneTick + 1, nowTick - SLOTS + 1);
    for (; tick <= nowTick; tick++) {
      this.doneTick = tick;
      this.fireSlot(tick % SLOTS, nowMs);
    }
    this.sleep();
  }

  /** Until the next slot that holds anything; what lies there may be due only rounds later. */
  private sleep(): void {
    this.stop();
    if (this.armed === 0) return;
    for (let tick = this.doneTick + 1; tick <= this.doneTick + SLOTS; tick++)
      if (this.slots[tick % SLOTS] !== undefined) {
        this.setAlarm(tick);
        return;
      }
  }

  private setAlarm(tick: number): void {
    clearTimeout(this.alarm);
    this.alarmTick = tick;
    this.alarm = setTimeout(this.onAlarm, Math.max(1, Math.ceil(tick * TICK_MS - this.monotonic())));
    this.alarm.unref();
  }

  private readonly onAlarm = (): void => this.advance();

  private fireSlot(slot: number, nowMs: number): void {
    let timer = this.slots[slot];
    if (timer === undefined) return;
    // Taken out before any target runs: a target may arm and disarm timers of this very slot.
    const due: WheelTimer[] = [];
    while (timer !== undefined) {
      const next: WheelTimer | undefined = timer.next;
      if (timer.dueMs <= nowMs) {
        this.unlink(timer);
        timer.slot = PENDING_SLOT;
        due.push(timer);
      }
      timer = next;
    }
    for (const current of due) {
      if (current.slot !== PENDING_SLOT) continue;
      current.slot = -1;
      this.armed--;
      current.target.timerFired(current);
    }
  }

  private unlink(timer: WheelTimer): void {
    if (timer.slot === PENDING_SLOT) return;
    const { previous, next } = timer;
    if (previous !== undefined) previous.next = next;
    else if (this.slots[timer.slot] === timer) this.slots[timer.slot] = next;
    if (next !== undefined) next.previous = previous;
    timer.previous = undefined;
    timer.next = undefined;
  }
}

/** Taken from its slot, about to fire. */
const PENDING_SLOT = -2;
