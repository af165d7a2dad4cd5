import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import packageJson from '../../package.json' with { type: 'json' }
import { leanTypeBox } from './lean-typebox.ts'
import { licencesOf } from './licences.ts'

const ROOT = join(import.meta.dirname, '../..')

/** What the declarations have besides the types of `shared/gateway-api.ts`; the compiler holds the source to the same types. */
const VALUES = `
export declare const createVerifier: CreateVerifier
export declare const attestationOf: AttestationOf
export declare const expressGuard: ExpressGuardOf
export declare const fastifyGuard: FastifyGuardOf
`

const README = `# muster/gateway

Verifies what a Muster collector says of a device, offline, in a server of your own: the attestation, whether it still holds, that
the request really comes from that device (DPoP, RFC 9449), and the tier.

\`\`\`js
import { createVerifier, expressGuard } from 'muster/gateway'

const verifier = createVerifier({ issuer: 'https://muster.example.com' })
app.use(expressGuard(verifier, { tier: 'internal', publicUrl: 'https://wiki.example.com' }))
\`\`\`

Node 20 or newer; ES modules, with declarations for TypeScript. The guide is \`docs/gateway-library.md\` of Muster.
`

/** Writes the library for gateways into a folder, which is made anew: a package in plain JavaScript that needs `jose` and nothing else. */
export async function bundleGateway(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['installers/bundle/gateway/gateway.ts'],
    outfile: join(folder, 'gateway.js'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['jose'],
    metafile: true,
    logLevel: 'warning',
    plugins: [leanTypeBox('compile')],
  })
  const api = readFileSync(join(ROOT, 'shared/gateway-api.ts'), 'utf8')
  writeFileSync(join(folder, 'gateway.d.ts'), `${api}${VALUES}`)
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`)
  writeFileSync(join(folder, 'README.md'), README)
  writeFileSync(join(folder, 'LICENSES.txt'), licencesOf(Object.keys(metafile.inputs)))
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'))
}

function manifest(): object {
  const { name, version, license, engines, dependencies } = packageJson
  const entry = { types: './gateway.d.ts', default: './gateway.js' }
  return {
    name,
    version,
    description: 'Verifies the device posture that a Muster collector attests, offline, and guards routes with it.',
    license,
    type: 'module',
    engines,
    exports: { '.': entry, './gateway': entry, './package.json': './package.json' },
    types: './gateway.d.ts',
    files: ['gateway.js', 'gateway.d.ts', 'LICENSES.txt'],
    sideEffects: false,
    dependencies: { jose: dependencies.jose },
  }
}
