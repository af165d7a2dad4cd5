import { Type } from 'typebox'
import { text } from '../../../shared/schema.ts'
import type { Product } from '../../../shared/signals.ts'
import { durationBetween, inWords, milliseconds } from '../duration.ts'
import { defineRule, fail, pass, unknown, type Judgement } from '../rule.ts'
import { TRUST } from '../trust-vector.ts'

const parameters = {
  /** Products of the catalogue, one of which has to be healthy. */
  anyOf: Type.Optional(Type.Array(text(40), { minItems: 1, maxItems: 32 })),
  /** How old virus definitions may be, where a product has any. */
  definitions: Type.Optional(durationBetween('1m', '366d')),
}

export const DEFAULT_PRODUCTS = ['crowdstrike-falcon', 'microsoft-defender', 'sentinelone', 'huntress']

const FIX = {
  install: 'Install the endpoint protection of your company, or ask your admin for it.',
  start: 'Start it again, or restart the laptop. If it stays off, ask your admin.',
  look: 'Run "muster-agent check" as an administrator to see what can be read.',
  update: 'Update its definitions.',
} as const

function judgeProduct(product: Product, maxAge: number, now: Date): Judgement {
  const because = product.reasons.length > 0 ? `: ${product.reasons.join('; ')}` : ''
  const found = `${product.product} is ${product.state}${because}`.slice(0, 400)
  switch (product.state) {
    case 'off':
      return fail(found, FIX.start, TRUST.contraindicated)
    case 'degraded':
      return fail(found, FIX.start, TRUST.knownVulnerabilities)
    case 'unknown':
      return unknown(found, FIX.look)
    case 'healthy': {
      if (product.definitionsAt === null) return pass(found)
      const updatedAt = Math.min(Date.parse(product.definitionsAt), now.getTime())
      const end = new Date(updatedAt + maxAge)
      if (now < end) return pass(found, TRUST.affirming, end)
      const why = `the definitions of ${product.product} are older than ${inWords(maxAge)}`
      return fail(why, FIX.update, TRUST.knownVulnerabilities)
    }
  }
}

const RANK: Record<Judgement['verdict'], number> = { pass: 0, unknown: 1, fail: 2 }

export const endpointProtection = defineRule({
  signal: 'endpoint-protection',
  claim: 'executables',
  parameters,
  fixUnread: FIX.look,
  ask: ({ anyOf = DEFAULT_PRODUCTS }) => `One of these runs and is healthy: ${anyOf.join(', ')}.`,

  judge({ products }, { anyOf = DEFAULT_PRODUCTS, definitions = '7d' }, { now }) {
    const judged = products
      .filter(({ product }) => anyOf.includes(product))
      .map((product) => judgeProduct(product, milliseconds(definitions), now))
    // One healthy product is enough; else one that may be healthy makes it unknown; else it fails.
    const [best] = judged.toSorted((a, b) => RANK[a.verdict] - RANK[b.verdict])
    if (best) return best

    const others = products.map(({ product }) => product).join(', ')
    const why = others
      ? `only ${others} was found, which the policy does not count`
      : 'no endpoint protection was found'
    return fail(why, FIX.install, TRUST.contraindicated)
  },
})
