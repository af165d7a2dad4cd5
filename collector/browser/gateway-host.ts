const NAME = /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/
const ADDRESS_6 = /^\[[0-9a-f:.]{2,45}\]$/

const WRONG: readonly [form: RegExp, problem: string][] = [
  [/^[a-z][a-z0-9+.-]*:\/\//i, 'begins with a scheme: name the host alone'],
  [/[/\\?#]/, 'holds a path: name the host alone'],
  [/@/, 'names a user: name the host alone'],
  [/\*/, 'holds a wildcard: name each host'],
  [/\P{ASCII}/u, 'has other letters than browsers send: write it as xn--...'],
  [/\.(?::|$)/, 'ends with a dot: leave it out'],
]

/** Why a text is not a host that a gateway can be registered with, with a port or without; null where it is one. */
export function gatewayHostProblem(given: string): string | null {
  const wrong = WRONG.find(([form]) => form.test(given))
  if (wrong) return wrong[1]
  const { name, port } = parted(given)
  if (!NAME.test(name) && !ADDRESS_6.test(name)) return 'is not the name of a host, as in wiki.example.com'
  if (port === null || (/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535)) return null
  return 'has a port that is none'
}

/** A host as it is kept: in lower case, with the port where it is not the usual one of https. */
export function gatewayHost(given: string): string {
  const { name, port } = parted(given)
  return port === null || port === '443' ? name : `${name}:${port}`
}

function parted(given: string): { name: string; port: string | null } {
  const [, name = '', port = null] = /^(.*?)(?::([^:\]]*))?$/s.exec(given.toLowerCase()) ?? []
  return { name, port }
}
