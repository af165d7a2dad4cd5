import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'

/** What an operator watches, in the text form of Prometheus. */
export type Metrics = {
  contentType: string
  text(): Promise<string>
  enrolled(): void
  /** A report was accepted, or refused with a code. */
  reported(outcome: string): void
  decided(allow: boolean, by: string): void
  delivered(labels: { method: string; outcome: string }, count: number): void
}

/** What is read when somebody asks. */
export type Watched = {
  devices: () => number
  agents: () => number
  /** Events on their way to receivers. */
  events: () => Promise<{ state: string; events: number; oldest: Date | null }[]>
  audit: () => { waiting: number; lost: number }
  clock: () => Date
}

export function openMetrics({ devices, agents, events, audit, clock }: Watched): Metrics {
  const register = new Registry()
  const registers = [register]
  collectDefaultMetrics({ register })
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })
  gauge('muster_devices', 'Devices that are enrolled', devices)
  gauge('muster_agents_connected', 'Agents that are connected and authenticated', agents)
  const enrolled = new Counter({ name: 'muster_enrollments_total', help: 'Devices enrolled', registers })
  const reports = new Counter({
    name: 'muster_reports_total',
    help: 'Reports by outcome',
    labelNames: ['outcome'],
    registers,
  })
  const decisions = new Counter({
    name: 'muster_decisions_total',
    help: 'Decisions by answer and interface',
    labelNames: ['answer', 'by'],
    registers,
  })
  register.registerMetric(
    new Gauge({
      name: 'muster_events_waiting',
      help: 'Events that receivers do not have yet, by the state of their stream',
      labelNames: ['state'],
      registers: [],
      async collect() {
        for (const { state, events: count } of await events()) this.set({ state }, count)
      },
    }),
  )
  register.registerMetric(
    new Gauge({
      name: 'muster_events_oldest_seconds',
      help: 'Age of the oldest event that a receiver does not have yet, by the state of its stream',
      labelNames: ['state'],
      registers: [],
      async collect() {
        const now = clock().getTime()
        for (const { state, oldest } of await events()) {
          this.set({ state }, oldest === null ? 0 : Math.max(0, now - oldest.getTime()) / 1000)
        }
      },
    }),
  )
  const deliveries = new Counter({
    name: 'muster_event_deliveries_total',
    help: 'Events by what became of them at the receiver, and how they came there',
    labelNames: ['method', 'outcome'],
    registers,
  })
  gauge('muster_audit_waiting', 'Lines of the audit log that are not on disk yet', () => audit().waiting)
  register.registerMetric(
    new Counter({
      name: 'muster_audit_lost_total',
      help: 'Decisions and lines that the audit log could not keep',
      registers: [],
      collect() {
        this.reset()
        this.inc(audit().lost)
      },
    }),
  )
  return {
    contentType: register.contentType,
    text: () => register.metrics(),
    enrolled: () => enrolled.inc(),
    reported: (outcome) => reports.inc({ outcome }),
    delivered: (labels, count) => deliveries.inc(labels, count),
    decided: (allow, by) => decisions.inc({ answer: allow ? 'allow' : 'deny', by }),
  }
}
