import { Type } from 'typebox'
import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import { jsonParserOf } from '../../../shared/schema.ts'
import type { SignalValue } from '../../../shared/signals.ts'
import { printable } from '../printable.ts'
import { meaningfulSerial } from './serial.ts'

export type Device = SignalValue['device']

const parse = jsonParserOf(
  Type.Object({
    hostname: Type.String({ minLength: 1 }),
    manufacturer: Type.String(),
    model: Type.String(),
    serial: Type.String(),
    chassis: Type.String(),
  }),
)

/** Reads what the inventory script printed. */
export function readInventory(stdout: string): Fact<Device> {
  const inventory = parse(stdout)
  return inventory.ok
    ? value(deviceOf(inventory.value))
    : unreadable(`the inventory gave no answer: ${inventory.problem}`)
}

const LIMITS = { hostname: 255, manufacturer: 100, model: 100, chassis: 40 } as const

/** The fact of raw fields, each as one short line; fields that nobody filled in are empty. */
export function deviceOf(raw: Device): Device {
  return {
    hostname: printable(raw.hostname, LIMITS.hostname),
    manufacturer: meaningful(raw.manufacturer, LIMITS.manufacturer),
    model: meaningful(raw.model, LIMITS.model),
    serial: meaningfulSerial(raw.serial),
    chassis: meaningful(raw.chassis, LIMITS.chassis),
  }
}

/** Makers leave the same placeholders in these fields, but "MS-7B" and "11" are names of models. */
function meaningful(text: string, maxLength: number): string {
  const short = printable(text, maxLength)
  return /^(?:to be filled|default string$|not specified$|none$|unknown$|system (?:manufacturer|product name)$|-?$)/i.test(
    short,
  )
    ? ''
    : short
}
