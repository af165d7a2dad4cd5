import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }

const ROOT = join(import.meta.dirname, '../..')

/** The licences of all that went into a bundle, by the paths of its inputs: most ask to be passed on with the code. */
export function licencesOf(inputs: readonly string[]): string {
  const packages = inputs.flatMap((path) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [])
  return ['.', ...new Set(packages.toSorted().map((name) => join('node_modules', name)))]
    .map((place) => {
      const file = readdirSync(join(ROOT, place)).find((name) => /^licen[cs]e(?:\.\w+)?$/i.test(name))
      if (file === undefined) throw new Error(`${place} comes without a licence`)
      return `${place === '.' ? packageJson.name : place}\n\n${readFileSync(join(ROOT, place, file), 'utf8')}\n`
    })
    .join('\n')
}
