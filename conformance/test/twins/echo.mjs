// A client that says its scenario and its last argument, and that it is done.
import process from 'node:process'

process.stdout.write(`${process.env.MCP_CONFORMANCE_SCENARIO} ${process.argv.at(-1)}\nok\n`)
