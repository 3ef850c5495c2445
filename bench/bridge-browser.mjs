// The browser of the bridge bench: a person who allows at once whatever page is opened.
import process from 'node:process'

await fetch(process.argv[2] ?? '')
