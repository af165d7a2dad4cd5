// `npm test`: installs what the tests need, then runs them all, or those whose names are given.
import { runTests } from './steps.ts'

process.exitCode = runTests(process.argv.slice(2))
