#!/usr/bin/env node
// Stands for the browser and the person in it, so that the example needs nobody: BROWSER names this program.
import process from 'node:process'
import { signInAt } from '@pentauth/sandbox'

const callback = await signInAt(fetch, process.argv[2] ?? '')
await (await fetch(callback)).arrayBuffer()
