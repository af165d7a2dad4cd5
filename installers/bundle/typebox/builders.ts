// The builders of schemas that the agent uses; one that is missing here fails when the bundle is loaded, which its test does.
export {
  Array,
  Boolean,
  Integer,
  Literal,
  Null,
  Number,
  Object,
  Optional,
  Record,
  String,
  Union,
  Unknown,
  Unsafe,
} from 'typebox/type'
