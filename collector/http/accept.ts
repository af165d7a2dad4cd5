/**
 * Whether an `Accept` header admits a media type (RFC 9110, section 12.5.1): the most exact range that matches decides,
 * and `q=0` means never. No header admits everything.
 */
export function accepts(header: string | undefined, mediaType: string): boolean {
  if (header === undefined || header.trim() === '') return true
  const wanted = [mediaType, `${mediaType.split('/')[0]}/*`, '*/*']
  const ranges = header.split(',').map((range) => range.split(';').map((part) => part.trim().toLowerCase()))
  for (const it of wanted) {
    const matching = ranges.filter(([range]) => range === it)
    if (matching.length > 0) return matching.some(([, ...parameters]) => !parameters.some(isNever))
  }
  return false
}

function isNever(parameter: string): boolean {
  return /^q=0(\.0*)?$/.test(parameter)
}

/** Whether a person is looking: a browser names HTML, a program does not. */
export function wantsPage(header: string | undefined): boolean {
  return header !== undefined && /(^|,)\s*text\/html\b/i.test(header) && accepts(header, 'text/html')
}
