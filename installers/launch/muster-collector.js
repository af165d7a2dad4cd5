#!/usr/bin/env node
import { launch } from './launch.js'

launch('collector/main.ts', process.argv.slice(2))
