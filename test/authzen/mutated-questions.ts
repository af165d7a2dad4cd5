import { chance, type Chance } from '../fakes/chance.ts'
import { mutated } from '../fakes/mutations.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

const JUNK: readonly [Json, ...Json[]] = [
  null,
  true,
  0,
  -1.5,
  '',
  '__proto__',
  'restricted',
  'ä'.repeat(200),
  [],
  [null],
  {},
  { type: 'device', id: 'x' },
  { name: 7 },
  [[[[[[]]]]]],
]
const KEYS = [
  'id',
  'type',
  'name',
  'properties',
  'device_id',
  'tier',
  'context',
  'attestation',
  'dpop',
  'evaluations',
  'constructor',
  'page',
] as const

/** Damages a question: half of them as text, half as what the text says, and says the same for the same seed. */
export function mutatedQuestion(question: object, seed: number): string {
  const random = chance(seed)
  if (seed % 2 === 0) return mutated(JSON.stringify(question), seed)
  const it = JSON.parse(JSON.stringify(question)) as Json
  const root = { it }
  for (let times = 1 + random.below(3); times > 0; times--) change(root, random)
  const text = JSON.stringify(root.it ?? null)
  // Said twice: the last counts, for whoever reads it.
  return random.oneIn(20) ? text.replace(/^\{/, '{"subject":{"type":"user","id":"x"},') : text
}

/** Changes one member somewhere below: replaces it, drops it, renames it, adds another or puts it into a list. */
function change(root: { it: Json }, random: Chance): void {
  let holder: { [key: string]: Json } | Json[] = root
  let key: string | number = 'it'
  for (let depth = random.below(6); depth > 0; depth--) {
    const inner: Json = Reflect.get(holder, key) as Json
    if (typeof inner !== 'object' || inner === null) break
    const keys = Object.keys(inner)
    if (keys.length === 0) break
    holder = inner
    key = keys[random.below(keys.length)] ?? ''
  }
  // Copies, or what is changed next could change in two places, or hold itself.
  const value = structuredClone(Reflect.get(holder, key) as Json)
  const junk = structuredClone(random.of(JUNK))
  const ways: (() => unknown)[] = [
    () => Reflect.set(holder, key, junk),
    () => Reflect.deleteProperty(holder, key),
    () => Reflect.set(holder, random.of(KEYS), value),
    () => Reflect.set(holder, random.of(KEYS), junk),
    () => Reflect.set(holder, key, [value]),
  ]
  ways[random.below(ways.length)]?.()
}
