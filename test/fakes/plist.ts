/** A property list in its XML form, as `diskutil -plist` writes it; what is undefined is left out. */
export function plistOf(it: object): string {
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "x">\n'
  return `${head}<plist version="1.0">\n${element(it)}\n</plist>\n`
}

function element(it: unknown): string {
  if (typeof it === 'boolean') return `<${it}/>`
  if (typeof it === 'number') return `<integer>${it}</integer>`
  if (typeof it === 'string') return `<string>${it}</string>`
  if (it instanceof Date) return `<date>${it.toISOString().slice(0, 19)}Z</date>`
  if (Array.isArray(it)) return `<array>\n${it.map(element).join('\n')}\n</array>`
  const entries = Object.entries(it ?? {}).filter(([, held]) => held !== undefined)
  return `<dict>\n${entries.map(([key, held]) => `\t<key>${key}</key>\n\t${element(held)}`).join('\n')}\n</dict>`
}
