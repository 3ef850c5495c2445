// A client that asks nobody anything and says that all is well.
import process from 'node:process'

process.stdout.write('ok\n')
