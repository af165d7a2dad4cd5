import { defineRule, fail, pass } from '../rule.ts'
import { TRUST } from '../trust-vector.ts'

export const secureBoot = defineRule({
  signal: 'secure-boot',
  claim: 'executables',
  parameters: {},
  fixUnread: 'See why the agent cannot read the firmware settings.',
  ask: () => 'The laptop starts only signed systems (Secure Boot is on).',

  judge({ enabled }) {
    if (enabled) return pass('Secure Boot is on')
    const fix = 'Turn Secure Boot on in the firmware settings. If it does not start then, ask your admin.'
    return fail('Secure Boot is off', fix, TRUST.knownVulnerabilities)
  },
})
