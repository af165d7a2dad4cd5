import { X509Certificate } from 'node:crypto'

/** Why gateways refuse a certificate (the first of a PEM file) at this moment; null where it is within its dates. */
export function certificateDatesProblem(pem: string, now: Date): string | null {
  const { validFromDate, validToDate } = new X509Certificate(pem)
  if (now < validFromDate) return `it is not good before ${validFromDate.toISOString()}`
  if (now > validToDate) return `it ended ${validToDate.toISOString()}`
  return null
}
