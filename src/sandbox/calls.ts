/** Keeps every call the sandbox's servers answered, so that a test can count them and see who waited for whom. */
export interface Call {
  /** Order of arrival over both servers, from 1. */
  readonly sequence: number
  readonly service: 'github' | 'aws'
  /** Who called: `app` for the Daypass app, else a login, an AWS user's name, or `anonymous`. */
  readonly caller: string
  readonly method: string
  /** GitHub: path with query. AWS: the action, such as `iam:PutRolePolicy`. */
  readonly target: string
  /** Milliseconds on a monotonic clock. */
  readonly started: number
  /** Missing while the call is in flight. */
  ended?: number
  /** 0 where nothing was answered. */
  status?: number
  /** The trouble that was ordered for it. */
  fault?: string
  /** Sequence number of the latest call of the same caller that had ended when this one began; 0: none. */
  readonly after: number
}

export interface CallLog {
  begin(call: Pick<Call, 'service' | 'method' | 'target'>): {
    /** Says who called, as soon as the server knows. */
    by(caller: string): void
    /** AWS: the action is known only after the body was read. */
    at(target: string): void
    met(fault: string): void
    end(status: number): void
  }
  list(): readonly Call[]
  clear(): void
  /** How many calls have begun and not ended. */
  inFlight(): number
  /** How many calls ever began, forgotten ones included. */
  arrived(): number
  /** Calls back after every call that has ended. */
  onEnd(listener: (call: Call) => void): void
}

/** Older calls are forgotten, so that a sandbox left running does not grow without bound. */
const KEPT_CALLS = 10_000

export function createCallLog(): CallLog {
  let calls: Call[] = []
  let sequence = 0
  let open = 0
  const listeners: ((call: Call) => void)[] = []
  const endedCalls = createEndedCalls()
  return {
    begin({ service, method, target }) {
      sequence += 1
      open += 1
      const call: { -readonly [K in keyof Call]: Call[K] } = {
        sequence,
        service,
        caller: 'anonymous',
        method,
        target,
        started: performance.now(),
        after: 0,
      }
      calls.push(call)
      if (calls.length > KEPT_CALLS * 2) calls = calls.slice(-KEPT_CALLS)
      return {
        by(caller) {
          call.caller = caller
          call.after = endedCalls.lastBefore(call)
        },
        at(newTarget) {
          call.target = newTarget
        },
        met(fault) {
          call.fault = fault
        },
        end(status) {
          if (call.ended !== undefined) return
          call.ended = performance.now()
          call.status = status
          open -= 1
          endedCalls.add(call)
          for (const listener of listeners) listener(call)
        },
      }
    },
    list: () => calls,
    clear() {
      calls = calls.filter((call) => call.ended === undefined)
      endedCalls.clear()
    },
    inFlight: () => open,
    arrived: () => sequence,
    onEnd: (listener) => listeners.push(listener),
  }
}

/** By caller, in the order in which they ended: who asks for the last before a time finds it among the newest. */
function createEndedCalls() {
  const byCaller = new Map<string, Call[]>()
  return {
    add(call: Call): void {
      const own = byCaller.get(call.caller) ?? []
      own.push(call)
      byCaller.set(call.caller, own.length > KEPT_CALLS * 2 ? own.slice(-KEPT_CALLS) : own)
    },
    /** The latest call of the same caller that had ended when this one began; 0 when there is none. */
    lastBefore({ caller, started }: Call): number {
      const last = byCaller.get(caller)?.findLast(({ ended = Number.POSITIVE_INFINITY }) => ended <= started)
      return last?.sequence ?? 0
    },
    clear: () => byCaller.clear(),
  }
}
