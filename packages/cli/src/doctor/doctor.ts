import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { PentauthError } from '@pentauth/core'
import { type ExitCode, exitCodes } from '../exit-code.ts'
import type { Host } from '../host.ts'
import { resourceUrl } from '../resource-choice.ts'
import type { ServiceOptions } from '../service-options.ts'
import { movedService } from '../sessions/moved-service.ts'
import { asJson } from '../words.ts'
import { examine, plainHttpReport } from './examine.ts'
import { reportHtml } from './render-html.ts'
import { reportText } from './render-text.ts'
import { type Report, severities } from './report.ts'
import { type StepId, steps } from './rules.ts'

export interface DoctorOptions extends ServiceOptions {
  readonly resource?: string
  readonly register?: boolean
  readonly signIn?: boolean
  readonly scope?: string
  readonly redirectUri?: string
  readonly page: string
  readonly timeout: string
  readonly json?: boolean
  readonly html?: string | true
  readonly failOn: 'error' | 'warning'
}

/**
 * Examines a server and prints what was found.
 *
 * @throws PentauthError `invalid_option` for what cannot be examined; what a server does wrong is no error but a finding.
 */
export async function doctor(name: string, options: DoctorOptions, host: Host): Promise<ExitCode> {
  checkOptions(options)
  const report = plainHttpReport(name) ?? (await examined(name, options, host))
  await print(report, options, host)
  return exitCodeFor(report, options)
}

async function examined(name: string, options: DoctorOptions, host: Host): Promise<Report> {
  const { env, stderr } = host
  const service = await movedService(name, options, host)
  const { page, timeout, register = false, signIn = false, scope } = options
  const redirectUri = options.redirectUri ?? `http://127.0.0.1:${await freePort()}/callback`
  const tell = (text: string) => void (stderr.isTTY && stderr.write(`\r\u001b[K${text}`))
  // A sign-in has lines of its own.
  const onStep = (step: StepId) => tell(step === 'token' ? '' : `${steps[step]}…`)
  const own = {
    page: new URL(page).origin,
    timeout: Number(timeout) * 1_000,
    redirectUri,
    register,
    signIn,
    scope,
    env,
    onStep,
  }
  const url = resourceUrl(service, options.resource, 'mcp')
  try {
    return await untilInterrupted((signal) => examine(service, url, { ...own, signal }))
  } finally {
    tell('')
  }
}

/** Ctrl-C ends it when what was left at the server is tidied up; who asks twice does not want to wait. */
async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  const signals = ['SIGINT', 'SIGTERM'] as const
  const end = (signal: NodeJS.Signals) => {
    for (const name of signals) process.removeListener(name, interrupt)
    process.kill(process.pid, signal)
  }
  const interrupt = (signal: NodeJS.Signals) => (stop.signal.aborted ? end(signal) : stop.abort(signal))
  for (const name of signals) process.on(name, interrupt)
  try {
    return await work(stop.signal)
  } finally {
    if (stop.signal.aborted) end(stop.signal.reason)
    for (const name of signals) process.removeListener(name, interrupt)
  }
}

async function print(report: Report, { json, html }: DoctorOptions, { stdout, stderr, cwd }: Host): Promise<void> {
  if (html === true) return void stdout.write(reportHtml(report))
  stdout.write(json ? asJson(report) : reportText(report, stdout))
  if (html === undefined) return
  const file = resolve(cwd, html)
  await writeFile(file, reportHtml(report)).catch((error: NodeJS.ErrnoException) => {
    throw unusable('html', `${file} cannot be written (${error.code})`, 'Give the path of a file that can be written.')
  })
  if (!json) stderr.write(`Written to ${file}\n`)
}

function exitCodeFor({ reached, exchanges, result }: Report, { failOn }: DoctorOptions): ExitCode {
  if (!reached && exchanges.length > 0) return exitCodes.tryAgain
  return severities.indexOf(result) >= severities.indexOf(failOn) ? exitCodes.findings : exitCodes.done
}

function checkOptions({ page, timeout, json, html, redirectUri }: DoctorOptions): void {
  if (!/^https?:\/\/[^/?#@]+\/?$/.test(page) || !URL.canParse(page))
    throw unusable('page', 'is no origin', 'Give one such as https://app.example.com.')
  if (!(Number(timeout) >= 1 && Number(timeout) <= 60))
    throw unusable('timeout', 'is no number of seconds from 1 to 60', 'Leave it out, or give one such as 20.')
  if (json && html === true) throw unusable('html', 'needs a file beside --json', 'Only one of both can be printed.')
  if (redirectUri !== undefined && !URL.canParse(redirectUri))
    throw unusable('redirect-uri', 'is no URL', 'Give it as it is registered, such as http://127.0.0.1/callback.')
}

function unusable(option: string, what: string, hint: string): PentauthError {
  return new PentauthError({ code: 'invalid_option', message: `--${option} ${what}.`, hint })
}

/** A port that is free now: a client is registered with it before the sign-in listens there. */
function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer().once('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => found(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
