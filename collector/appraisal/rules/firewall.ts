import { defineRule, fail, pass } from '../rule.ts'
import { TRUST } from '../trust-vector.ts'

export const firewall = defineRule({
  signal: 'firewall',
  claim: 'configuration',
  parameters: {},
  fixUnread: 'Run the agent as a service, so that it may read the firewall.',
  ask: () => 'The firewall is on and filters what comes in.',

  judge({ enabled, profiles = {} }) {
    const off = Object.entries(profiles)
      .filter(([, on]) => !on)
      .map(([profile]) => profile)
    if (enabled && off.length === 0) return pass('the firewall is on')
    const why = off.length > 0 ? `the firewall is off for: ${off.join(', ')}` : 'the firewall is off'
    const fix = 'Turn the firewall on (Windows and macOS: in the security settings; Ubuntu: sudo ufw enable).'
    return fail(why.slice(0, 400), fix, TRUST.knownVulnerabilities)
  },
})
