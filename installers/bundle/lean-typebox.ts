import { join } from 'node:path'
import type { Plugin } from 'esbuild'

const FOLDER = join(import.meta.dirname, 'typebox')

/** How a bundle checks: by walking its schema each time, which is enough for a few texts a minute, or with compiled code, which is larger. */
const CHECKS = { walk: 'compile.ts', compile: 'compiled.ts' } as const

/** Most of TypeBox is for what a bundle never does; it puts a third on top of a bare Node if it comes whole. */
export function leanTypeBox(checks: keyof typeof CHECKS): Plugin {
  return {
    name: 'lean-typebox',
    setup({ onResolve }) {
      onResolve({ filter: /^typebox$/ }, () => ({ path: join(FOLDER, 'type.ts') }))
      onResolve({ filter: /^typebox\/compile$/ }, () => ({ path: join(FOLDER, CHECKS[checks]) }))
    },
  }
}
