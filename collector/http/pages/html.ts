/** HTML that is what it says: made here, or escaped. */
export type Html = { readonly html: string }

const ENTITIES = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
])

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES.get(character) ?? '')
}

type Part = string | Html | readonly Html[]

/** A template whose values are escaped, in texts and in attributes with quotes, unless they are HTML themselves. */
export function html(strings: TemplateStringsArray, ...values: Part[]): Html {
  const rest = values.map((value, index) => `${written(value)}${strings[index + 1] ?? ''}`)
  return { html: `${strings[0] ?? ''}${rest.join('')}` }
}

function written(value: Part): string {
  if (typeof value === 'string') return escaped(value)
  return 'html' in value ? value.html : value.map((part) => part.html).join('')
}
