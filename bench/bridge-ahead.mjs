// Loaded into a bridge before its own code: its clock goes ahead by half an hour when it is told to by a signal.
import process from 'node:process'

const { now } = Date
let ahead = 0
Date.now = () => now() + ahead
process.on('SIGUSR2', () => {
  ahead = 31 * 60_000
})
