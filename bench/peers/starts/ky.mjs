import ky from 'ky'

// ky has no credentials of its own: a header is set once, and no headers can be asked for.
const client = ky.create({ headers: { authorization: `Bearer ${process.env.BENCH_TOKEN}` } })
process.exitCode = client.get ? 0 : 1
