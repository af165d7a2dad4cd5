import type { Fact } from '../shared/fact.ts'
import { factOf, type Facts, type SignalId, type SignalValue } from '../shared/signals.ts'

/** What each signal says, in a line for a person. */
const WORDS = {
  os: inWords('os', ({ name, version, rapidResponse, build, kernel }) =>
    sentence([name, version, rapidResponse, build && `(${build})`, kernel && `kernel ${kernel}`], ' '),
  ),
  'os-updates': inWords('os-updates', ({ pendingSecurity, rebootRequired, lastCheckedAt }) =>
    sentence([
      pendingSecurity === null ? 'security updates not known' : `${pendingSecurity} security updates pending`,
      rebootRequired === true && 'restart needed',
      lastCheckedAt !== null && `looked for at ${lastCheckedAt}`,
    ]),
  ),
  'disk-encryption': inWords('disk-encryption', ({ volumes }) =>
    sentence(volumes.map(({ mount, state, method }) => `${mount} ${state}${method === null ? '' : ` (${method})`}`)),
  ),
  'endpoint-protection': inWords('endpoint-protection', ({ products }) =>
    products.length === 0
      ? 'none installed'
      : sentence(products.map(({ product, state, reasons }) => [`${product} ${state}`, ...reasons].join('; '))),
  ),
  firewall: inWords('firewall', ({ enabled }) => onOff(enabled)),
  'screen-lock': inWords('screen-lock', ({ enabled, afterSeconds }) =>
    sentence([onOff(enabled), afterSeconds !== null && `after ${afterSeconds} s`]),
  ),
  'secure-boot': inWords('secure-boot', ({ enabled, tpm }) =>
    sentence([onOff(enabled), tpm === null ? 'TPM not known' : tpm === 'none' ? 'no TPM' : `TPM ${tpm}`]),
  ),
  device: inWords('device', ({ hostname, manufacturer, model, serial, chassis }) =>
    sentence([hostname, manufacturer, model, chassis, serial && `serial ${serial}`]),
  ),
} satisfies Record<SignalId, (facts: Facts) => string>

/** One signal of a reading in words. */
export function describeFact(facts: Facts, id: SignalId): string {
  return WORDS[id](facts)
}

function inWords<Id extends SignalId>(id: Id, describe: (value: SignalValue[Id]) => string) {
  return (facts: Facts): string => {
    const fact: Fact<SignalValue[Id]> = factOf(facts, id)
    return fact.kind === 'value' ? describe(fact.value) : `${fact.kind}: ${fact.why}`
  }
}

function sentence(parts: readonly (string | false | undefined)[], between = ', '): string {
  return parts.filter(Boolean).join(between) || 'nothing known'
}

function onOff(enabled: boolean): string {
  return enabled ? 'on' : 'off'
}
