import { OAuth2Client } from 'google-auth-library'

const client = new OAuth2Client()
client.setCredentials({ access_token: process.env.BENCH_TOKEN, expiry_date: Date.now() + 3_600_000 })
const headers = await client.getRequestHeaders()
process.exitCode = headers.has('authorization') ? 0 : 1
