#!/usr/bin/env node
// Once on a laptop: a person signs in, and every later start of the agent finds it.
import process from 'node:process'
import { PentauthError, signIn } from '@pentauth/node'
import { service } from './service.mjs'

try {
  await signIn(service)
} catch (error) {
  if (!PentauthError.isInstance(error)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
