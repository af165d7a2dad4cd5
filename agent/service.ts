import { randomUUID } from 'node:crypto'
import { AGENT_PORTS } from '../shared/browser.ts'
import { startAgent, type Agent, type Log } from './agent.ts'
import type { Config } from './config.ts'
import { bootId } from './host/real.ts'
import { openIdentity } from './identity/enrolled.ts'
import { openJournal } from './journal.ts'
import { openLoopback } from './loopback/server.ts'
import { openState } from './state.ts'
import { openStatusServer } from './status-server.ts'
import { thisMachine } from './this-machine.ts'
import { tidier } from './tidy.ts'
import { realTimers } from './timers.ts'

/** How long nothing has to happen before the agent counts as being at rest. */
const REST_MS = 2000

export type RunningAgent = {
  agent: Agent
  socketPath: string
  /** Comes when the device was unenrolled under the running agent, which must not keep a key that is said to be gone. */
  unenrolled: Promise<void>
  stop(): Promise<void>
}

/** Starts the agent of this machine. */
export async function runHere(config: Config, version: string, log: Log): Promise<RunningAgent> {
  const state = openState(config.data)
  const { enrollment, key } = await openIdentity(state)
  const { runner, host, probes, watches } = thisMachine()
  const server = await openStatusServer(config.socket ?? config.defaultSocket)
  try {
    await state.saveSocketPath(server.path)
    const agent = startAgent({
      version,
      host,
      probes,
      watches,
      bootId: await bootId(host, randomUUID),
      enrollment,
      key,
      nextSequence: state.nextSequence,
      journal: await openJournal(state.journalPath),
      log,
    })
    server.serve(agent)
    const { collectorTime } = agent
    const loopback = await openLoopback({
      version,
      issuer: enrollment.issuer,
      key,
      collectorTime,
      ports: AGENT_PORTS,
      log,
    })
    const { promise: unenrolled, resolve: isUnenrolled } = Promise.withResolvers<void>()
    const stopLooking = state.watch(() => {
      // A file that cannot be read says nothing; one that is gone, or of another device, does.
      state.readEnrollment().then(
        (now) => now?.deviceId !== key.id && isUnenrolled(),
        () => undefined,
      )
    })
    const stopTidying = whenAtRest(agent, tidier())
    const stop = async () => {
      stopLooking()
      stopTidying()
      agent.stop()
      runner.stop()
      await loopback.close()
      await server.close()
    }
    return { agent, socketPath: server.path, unenrolled, stop }
  } catch (error) {
    await server.close()
    throw error
  }
}

/** Calls an action after each burst of work, until the returned function is called. */
function whenAtRest(agent: Agent, action: () => void): () => void {
  let stopWaiting: (() => void) | undefined
  const stopListening = agent.onStatus(() => {
    stopWaiting?.()
    stopWaiting = realTimers.after(REST_MS, action)
  })
  return () => {
    stopListening()
    stopWaiting?.()
  }
}
