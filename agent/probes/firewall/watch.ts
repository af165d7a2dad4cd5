import type { Host } from '../../host/host.ts'
import { readServiceProcesses, readSlices } from '../services.ts'

/**
 * A text that changes when ufw is switched on or off, or firewalld starts or stops; it starts no program. Rules that
 * are changed by hand have no such mark, and are seen at the next full reading.
 */
export async function watchFirewall(host: Host): Promise<string> {
  if (host.platform !== 'linux') return 'not watched'
  const ufw = await host.stat('/etc/ufw/ufw.conf')
  const slices = await readSlices(host)
  const firewalld =
    slices.kind === 'value'
      ? await readServiceProcesses(host, slices.value, 'firewalld.service', ['firewalld'])
      : slices
  const isRunning = firewalld.kind === 'value' ? String(firewalld.value.length > 0) : 'unknown'
  return `ufw ${ufw.ok ? ufw.modifiedAt.toISOString() : ufw.reason}, firewalld ${isRunning}`
}
