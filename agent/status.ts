import type { ErrorCode } from '../shared/errors.ts'
import { CONNECTION_STATES, type ConnectionState, type LocalStatus } from '../shared/local.ts'

/** The status of the agent, and those who want to hear of its changes. */
export type StatusBoard = {
  now(): LocalStatus
  update(change: Partial<LocalStatus>): void
  /** Sets the connection's part; the words are those of its state unless there are better ones. */
  connection(state: ConnectionState, more?: { words?: string; code?: ErrorCode; retryAt?: Date }): void
  /** Calls back at each change until the returned function is called. */
  onChange(listener: (status: LocalStatus) => void): () => void
}

export type Myself = Pick<LocalStatus, 'version' | 'collectorUrl' | 'deviceId'>

export function openStatus(myself: Myself, clock: () => Date): StatusBoard {
  const listeners = new Set<(status: LocalStatus) => void>()
  let status: LocalStatus = {
    ...myself,
    connection: connection('connecting', clock()),
    facts: {},
    readAt: null,
    standing: null,
    asks: [],
    lastSentAt: null,
    nextReportAt: null,
  }

  function update(change: Partial<LocalStatus>): void {
    status = { ...status, ...change }
    for (const listener of listeners) listener(status)
  }

  return {
    now: () => status,
    update,
    connection(state, more = {}) {
      const same = status.connection.state === state
      const since = same ? new Date(status.connection.since) : clock()
      update({ connection: connection(state, since, more) })
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function connection(
  state: ConnectionState,
  since: Date,
  { words, code, retryAt }: { words?: string; code?: ErrorCode; retryAt?: Date } = {},
): LocalStatus['connection'] {
  return {
    state,
    words: (words ?? CONNECTION_STATES[state]).slice(0, 400),
    code: code ?? null,
    since: since.toISOString(),
    retryAt: retryAt?.toISOString() ?? null,
  }
}
