import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { realHost } from './host/real.ts'
import { programRunner } from './host/run.ts'
import { allProbes } from './probes/all.ts'

/** This machine, and the probes that read it. */
export function thisMachine() {
  const runner = programRunner()
  // In a bundle that script is JavaScript, as this file is.
  const script = fileURLToPath(new URL(`host/inventory-child${extname(import.meta.url)}`, import.meta.url))
  return { runner, host: realHost(runner, () => runner.runNode(script)), ...allProbes() }
}
