// The builders of schemas that the bundles use; one that is missing here fails when the bundle is loaded, which its test does.
export {
  Array,
  Boolean,
  Integer,
  Literal,
  Never,
  Null,
  Number,
  Object,
  Optional,
  Record,
  String,
  Tuple,
  Union,
  Unknown,
  Unsafe,
} from 'typebox/type'
