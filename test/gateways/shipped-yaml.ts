import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { environmentOf } from './fill.ts'

export type Yaml = Record<string, unknown>

/** A folder of `docs/gateways` whose gateway is configured by YAML, filled in with these variables as its page says. */
export function shippedYaml(folder: 'traefik' | 'envoy', file: string, values: Record<string, string>): Yaml {
  const shipped = join(import.meta.dirname, '../../docs/gateways', folder)
  const variables = environmentOf(readFileSync(join(shipped, 'muster.env.example'), 'utf8'), values)
  const text = readFileSync(join(shipped, file), 'utf8')
  const filled = text.replace(/\$\{(\w+)\}|\{\{ env "(\w+)" \}\}/g, (whole, one?: string, other?: string) => {
    const name = one ?? other ?? ''
    if (whole === '{{ env "..." }}') return whole
    const value = variables[name]
    if (value === undefined) throw new Error(`${file} asks for ${name}, which the example does not have`)
    return value
  })
  return parse(filled) as Yaml
}

/** What stands at a path of keys and positions, as this kind of thing; fails where there is nothing. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export function yamlAt<T = Yaml>(document: unknown, path: string): T {
  let found = document
  for (const key of path.split('/')) found = (found as Yaml | undefined)?.[key]
  if (found === undefined || found === null) throw new Error(`there is nothing at ${path}`)
  return found as T
}
