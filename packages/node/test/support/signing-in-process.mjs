// A program that signs a person in, as a process of its own; it runs the built package. What it is told comes as JSON.
import { createHash } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { pensyve, profundis, relocate, signIn } from '../../dist/index.js'

const { service, origins, options = {}, readsStdin, listens } = JSON.parse(process.argv[2] ?? '')
if (listens) process.on('SIGINT', () => undefined)
try {
  const auth = await signIn(relocate({ pensyve, profundis }[service], origins), options)
  const { secret } = await auth.credential()
  // No secret leaves the process, and two that have the same one say the same.
  const token = createHash('sha256').update(secret.reveal()).digest('hex')
  process.stdout.write(JSON.stringify({ token, ...(readsStdin ? { stdin: await text(process.stdin) } : {}) }))
} catch (error) {
  process.stdout.write(JSON.stringify({ code: error.code, message: error.message }))
}
