import type { DecisionEvent } from '../protocol/decision-event.ts'

/** How much is kept of what others may have written, in characters. */
export const KEPT = { resource: 500, reason: 500, user: 200, name: 100 }

/** As much of a text as is kept, and whether something is missing. */
export function cut(text: string | null, most: number): string | null {
  return text === null || text.length <= most ? text : `${text.slice(0, most - 1)}…`
}

/**
 * What was asked for, without what is nobody's business later: no query, no fragment, and no name and password before
 * the host.
 */
export function resourceOf(resource: string | null): string | null {
  if (resource === null) return null
  const end = endOfPath(resource)
  const path = end === resource.length ? resource : resource.slice(0, end)
  return cut(path.includes('@') ? path.replace(/^([a-z][a-z0-9+.-]*:)?\/\/[^/]*@/i, '$1//') : path, KEPT.resource)
}

function endOfPath(resource: string): number {
  const query = resource.indexOf('?')
  const fragment = resource.indexOf('#')
  if (query === -1) return fragment === -1 ? resource.length : fragment
  return fragment === -1 ? query : Math.min(query, fragment)
}

/** One denial, with all that is known of it. */
export function denialBody(event: DecisionEvent): string {
  const { by, gateway, deviceId, provedBy, user, action, resource, tier, client, code, reason, failing } = event
  return JSON.stringify({
    kind: 'denied',
    by,
    gateway: { id: gateway.id, name: gateway.name },
    device: cut(deviceId, KEPT.name),
    provedBy,
    user: cut(user, KEPT.user),
    action: cut(action, KEPT.name),
    resource: resourceOf(resource),
    tier: cut(tier, KEPT.name),
    client: cut(client, KEPT.name),
    code,
    reason: cut(reason, KEPT.reason),
    failing,
    policyVersion: event.policyVersion,
    count: 1,
  })
}
