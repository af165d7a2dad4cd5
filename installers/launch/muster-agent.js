#!/usr/bin/env node
import { launch } from './launch.js'

launch('agent/main.ts', process.argv.slice(2))
