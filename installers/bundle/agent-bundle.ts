import { rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import packageJson from '../../package.json' with { type: 'json' }
import { leanTypeBox } from './lean-typebox.ts'
import { licencesOf } from './licences.ts'

const ROOT = join(import.meta.dirname, '../..')

/**
 * Node's flags for the bundled agent. Little room for young objects is enough for it, none of its code runs often enough for
 * an optimizing compiler to earn its memory, and it collects its garbage itself when it comes to rest (`agent/tidy.ts`).
 */
export const AGENT_FLAGS = ['--max-semi-space-size=1', '--lite-mode', '--expose-gc'] as const

/**
 * An `import` of a module of Node touches every one of its exports, and some of those load a good deal on their first
 * touch: `node:http` alone brings a second HTTP client, 7 MB. What is asked for this way is loaded when it is used.
 */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[a-z:/_0-9]+$/ }, ({ path }) =>
      isBuiltin(path) ? { path: path.replace(/^(?:node:)?/, 'node:'), namespace: 'builtin' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)})`,
    }))
  },
}

type Entry = { in: string; out: string }

const ENTRIES: readonly Entry[] = [
  { in: 'agent/main.ts', out: 'main' },
  { in: 'agent/host/inventory-child.ts', out: 'host/inventory-child' },
]

/**
 * Writes the agent into a folder, which is made anew: `main.js`, and beside it what `main.js` loads when it needs it. A
 * benchmark adds programs of its own, which share that code.
 */
export async function bundleAgent(folder: string, more: readonly Entry[] = []): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...ENTRIES, ...more],
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    minify: true,
    metafile: true,
    logLevel: 'warning',
    plugins: [lazyBuiltins, leanTypeBox('walk')],
  })
  const { name, version, license } = packageJson
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify({ name, version, license, type: 'module' })}\n`)
  writeFileSync(join(folder, 'LICENSES.txt'), licencesOf(Object.keys(metafile.inputs)))
}
