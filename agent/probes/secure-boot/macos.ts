import { value, type Fact } from '../../../shared/fact.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import type { Host } from '../../host/host.ts'
import { askProgram } from '../ask-program.ts'
import type { Reading } from '../probe.ts'
import { isSecure, POLICY, readBridge, readBridgeText, readPolicy, type StartupSecurity } from './bridge.ts'

type SecureBoot = SignalValue['secure-boot']

/** Reads how strictly a Mac starts. Needs no rights. A Mac has no TPM: its Secure Enclave does that work. */
export async function readMacos(host: Host): Promise<Reading<SecureBoot>> {
  const bridge = await askProgram(host, 'system_profiler', ['-json', 'SPiBridgeDataType'], readBridge)
  if (bridge.kind === 'value') return { ...factOf(bridge.value), source: 'system_profiler' }
  // The words of system_profiler are localised; the variable of a T2 is not.
  const policy = await askProgram(host, 'nvram', [POLICY], readPolicy)
  if (policy.kind === 'value') return { ...factOf(policy.value), source: 'nvram' }
  // Before macOS 10.15 it printed no JSON.
  const text = await askProgram(host, 'system_profiler', ['SPiBridgeDataType'], readBridgeText)
  if (text.kind === 'value') return { ...factOf(text.value), source: 'system_profiler' }
  return { ...bridge, source: 'system_profiler, nvram' }
}

function factOf(security: StartupSecurity): Fact<SecureBoot> {
  return value({ enabled: isSecure(security), tpm: 'none' })
}
