// A browser with a person who allows what they are asked for: `node person.mjs <page>`.
import process from 'node:process'
import { signInAt } from '@pentauth/sandbox'

await fetch(await signInAt(fetch, String(process.argv[2])))
