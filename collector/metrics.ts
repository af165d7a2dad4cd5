import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'

/** What an operator watches, in the text form of Prometheus. */
export type Metrics = {
  contentType: string
  text(): Promise<string>
  enrolled(): void
  /** A report was accepted, or refused with a code. */
  reported(outcome: string): void
  decided(allow: boolean, by: string): void
}

export function openMetrics(fleetSize: () => number, connected: () => number): Metrics {
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
  gauge('muster_devices', 'Devices that are enrolled', fleetSize)
  gauge('muster_agents_connected', 'Agents that are connected and authenticated', connected)
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
  return {
    contentType: register.contentType,
    text: () => register.metrics(),
    enrolled: () => enrolled.inc(),
    reported: (outcome) => reports.inc({ outcome }),
    decided: (allow, by) => decisions.inc({ answer: allow ? 'allow' : 'deny', by }),
  }
}
