/** An object of JSON; what stands in it has still to be looked at. */
export type JsonObject = Readonly<Record<string, unknown>>

/** What a text of JSON holds; undefined where it is none, or breaks off. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function isJsonObject(it: unknown): it is JsonObject {
  return typeof it === 'object' && it !== null && !Array.isArray(it)
}
