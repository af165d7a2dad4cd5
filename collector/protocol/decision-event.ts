import type { ErrorCode } from '../../shared/errors.ts'

/** The ways in which a gateway can ask. */
type AskedBy = 'forward-auth' | 'authzen' | 'introspection' | 'device-check'

/** How it was proved which device a request comes from; `named`: the gateway that asks said so in its question. */
export type ProvedBy = 'dpop' | 'vouched' | 'browser' | 'named'

/** One decision, with all that an auditor asks of it later. What is not known is null. */
export type DecisionEvent = {
  at: Date
  by: AskedBy
  gateway: { id: string; name: string }
  deviceId: string | null
  provedBy: ProvedBy | null
  /** The person, where the gateway names one. */
  user: string | null
  /** What was to be done, and to what: a method and an address, or AuthZEN's action and resource. */
  action: string | null
  resource: string | null
  tier: string
  /** Where the request came from, as the gateway says. */
  client: string | null
  allow: boolean
  code: ErrorCode | null
  reason: string
  failing: readonly string[]
  policyVersion: number
}
