/** What a source may cost, each with its unit. */
export const SOURCE_LIMITS = {
  bytes: 32 * 1024 * 1024, // of a feed, after it was unpacked; the largest, Microsoft's, has up to 20 MB
  signatureBytes: 4096,
  fetchMs: 120_000, // from the request to the last byte
  readMs: 60_000, // to read it, on a thread of its own
  redirects: 5,
} as const
export type SourceLimits = { readonly [Name in keyof typeof SOURCE_LIMITS]: number }
