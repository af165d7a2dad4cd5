import { defineRule, fail, pass } from '../rule.ts'
import { TRUST } from '../trust-vector.ts'

const FIX = {
  windows: 'Turn the firewall on in Windows Security, under Firewall & network protection, for every network.',
  macos: 'Turn the firewall on in the system settings under Network.',
  linux:
    'Turn the firewall on: sudo ufw enable (Ubuntu, Debian), sudo systemctl enable --now firewalld (Fedora, RHEL).',
} as const

export const firewall = defineRule({
  signal: 'firewall',
  claim: 'configuration',
  parameters: {},
  fixUnread: 'Run "sudo muster-agent check" to see why the firewall cannot be read.',
  ask: () => 'The firewall is on and filters what comes in.',

  judge({ enabled, profiles = {} }, _parameters, { platform }) {
    const off = Object.entries(profiles)
      .filter(([, on]) => !on)
      .map(([profile]) => profile)
    if (enabled && off.length === 0) return pass('the firewall is on')
    const why = off.length > 0 ? `the firewall is off for: ${off.join(', ')}` : 'the firewall is off'
    return fail(why.slice(0, 400), FIX[platform], TRUST.knownVulnerabilities)
  },
})
