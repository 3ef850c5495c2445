// The other end of the fetch bench: a small JSON answer for whoever brings the key. Ends with the process that started it.
import { createServer } from 'node:http'
import process from 'node:process'

const expected = `Bearer ${process.env.PENDRA_API_KEY}`
const answers = [401, 200].map((status) => ({
  status,
  body: JSON.stringify({ ok: status === 200, models: ['one', 'two'] }),
}))

const server = createServer((request, response) => {
  const { status, body } = /** @type {typeof answers[0]} */ (
    answers[request.headers.authorization === expected ? 1 : 0]
  )
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
})
// A subject's connections outlive the turns of the others.
server.keepAliveTimeout = 120_000
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') process.send?.(`http://127.0.0.1:${address?.port}`)
})
