import { Type } from 'typebox'

/** A time as somebody asks with it: RFC 3339, in any zone. A leap second is no time to `Date.parse`. */
export const Moment = Type.String({
  format: 'date-time',
  pattern: ':[0-5][0-9](\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$',
  maxLength: 40,
})
