#!/usr/bin/env node
import { reportFailure } from './failure.ts'
import { thisProcess } from './host.ts'
import { run } from './program.ts'

const host = thisProcess()
const args = process.argv.slice(2)
process.on('uncaughtException', (error) => process.exit(reportFailure(error, host, args.includes('--json'))))
process.exitCode = await run(args, host)
