#!/usr/bin/env node
import { launch } from './launch.js'

// It lives long and does little, so its heap is kept small; `agent/tidy.ts` needs the second flag.
launch('agent/main.ts', process.argv.slice(2), ['--max-semi-space-size=1', '--expose-gc'])
