import type { Host } from '../../host/host.ts'
import { readServiceProcesses, readSlices } from '../services.ts'
import { SETTINGS } from './macos.ts'

/**
 * A text that changes when ufw is switched on or off, firewalld starts or stops, or macOS (up to 14) writes its settings;
 * it starts no program. All else has no such mark, and is seen at the next full reading.
 */
export async function watchFirewall(host: Host): Promise<string> {
  if (host.platform === 'windows') return 'not watched'
  if (host.platform === 'macos') {
    const settings = await host.stat(SETTINGS)
    return `settings ${settings.ok ? settings.modifiedAt.toISOString() : settings.reason}`
  }
  const ufw = await host.stat('/etc/ufw/ufw.conf')
  const slices = await readSlices(host)
  const firewalld =
    slices.kind === 'value'
      ? await readServiceProcesses(host, slices.value, 'firewalld.service', ['firewalld'])
      : slices
  const isRunning = firewalld.kind === 'value' ? String(firewalld.value.length > 0) : 'unknown'
  return `ufw ${ufw.ok ? ufw.modifiedAt.toISOString() : ufw.reason}, firewalld ${isRunning}`
}
