// What of core's tests does not hold outside of Node, each with its reason. A test that is not here has to run and to pass.

/**
 * Files whose network is MSW, which is Node's, and no runtime's own: core's vitest runs them in its Node, the lab in the
 * other ones, too.
 */
export const byVitestOnly: Readonly<Record<string, string>> = {
  'discovery-documented.test.ts': 'MSW answers in the place of Node’s network',
  'rotation.test.ts': 'MSW answers in the place of Node’s network',
  'workload-identity.test.ts': 'MSW answers in the place of Node’s network',
}

/** Other files that run in Node only. */
export const nodeOnly: Readonly<Record<string, string>> = {
  'hostile-server.test.ts': 'its servers break HTTP on raw sockets (node:net)',
  'strangers.test.ts': 'it makes objects of another realm (node:vm)',
  'session-kept.test.ts': 'it has Node collect its garbage (node:v8)',
  'events.test.ts': 'it listens to Node’s process for rejections',
}

/** Files that vitest leaves out in a Node. */
export const notIn: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'Node 26': {
    'rotation.test.ts':
      'MSW’s socket, which it puts in the place of the network, makes its fetch fail an assertion of its own',
  },
}

interface Difference {
  readonly file: string
  /** The test's name, or how it begins. */
  readonly test: string
  readonly why: string
}

const copy: Difference = {
  file: 'session-saving.test.ts',
  test: 'a sign-in > is known to a second copy of this code',
  why: 'the bundle holds one copy of the code',
}
const resent: Difference = {
  file: 'jwt.test.ts',
  test: 'keys that cannot be had > are no judgement of the token: nothing',
  why: 'the platform itself asks again when a connection breaks',
}
const noOptions: Difference = {
  file: 'ky.test.ts',
  test: 'requests of createHttp that are sent again > with their other options',
  why: 'a Request of this platform does not show these options',
}
const emptyLocation: Difference = {
  file: 'redirect-chain.test.ts',
  test: 'a chain of redirects > ends an empty location as fetch does',
  why: 'this platform’s fetch takes an empty Location for none',
}
const follows = 'a browser shows no redirect to follow: core leaves it to the browser, which drops Authorization'
const asStream = 'Chromium sends no stream over HTTP/1.1'

export const differences: Readonly<Record<string, readonly Difference[]>> = {
  'Node 22': [copy],
  'Node 26': [copy],
  Bun: [
    copy,
    resent,
    noOptions,
    {
      file: 'hostile-caller.test.ts',
      test: 'nothing reaches another origin > by a Request that shows',
      why: 'Bun sends a Request to the URL that it shows, which is the one that was checked',
    },
    {
      file: 'hostile-caller.test.ts',
      test: 'nothing reaches another origin > by something that only looks like',
      why: 'Bun sends what looks like a Request to the URL that it shows, which is the one that was checked',
    },
  ],
  Deno: [
    copy,
    resent,
    ...['a Request with a body', 'a Request and other options', 'a Request as options'].map((test) => ({
      file: 'authorized-fetch.test.ts',
      test: `auth.fetch sends what fetch sends > ${test}`,
      why: 'Deno sends the body of a Request that was copied in chunks',
    })),
  ],
  workerd: [
    copy,
    noOptions,
    emptyLocation,
    {
      file: 'authorized-fetch.test.ts',
      test: 'auth.fetch sends what fetch sends > FormData',
      why: 'its boundary has another form than the one the test takes out',
    },
    {
      file: 'redirect.test.ts',
      test: 'where the platform follows > an answer without a redirect is untouched',
      why: 'workerd has no redirect: "error", and core does not use it there',
    },
  ],
  Chromium: [
    copy,
    resent,
    emptyLocation,
    { file: 'redirect.test.ts', test: 'a redirect > ', why: follows },
    { file: 'redirect.test.ts', test: "the caller's redirect mode > ", why: follows },
    { file: 'redirect-chain.test.ts', test: 'a chain of redirects > ', why: follows },
    { file: 'hostile-caller.test.ts', test: 'nothing reaches another origin > by a redirect mode', why: follows },
    { file: 'hostile-caller.test.ts', test: 'nothing reaches another origin > by a Request whose', why: follows },
    {
      file: 'rotation-order.test.ts',
      test: 'what says nothing of the key > neither does another host, to which a redirect led',
      why: follows,
    },
    {
      file: 'deliver.test.ts',
      test: 'a request that fetch rejects > is told of the place that a redirect led to',
      why: follows,
    },
    {
      file: 'discovery.test.ts',
      test: 'without metadata > never after 408',
      why: 'Chromium itself asks again after a 408',
    },
    { file: 'authorized-fetch.test.ts', test: 'auth.fetch sends what fetch sends > a stream', why: asStream },
    { file: 'authorized-fetch.test.ts', test: 'auth.fetch sends what fetch sends > a Request as', why: asStream },
    {
      file: 'ky.test.ts',
      test: 'requests of createHttp that are sent again > not after a renewal: a stream',
      why: asStream,
    },
    { file: 'renewal.test.ts', test: 'a refused credential > a stream: sent again?', why: asStream },
    { file: 'dpop.test.ts', test: 'nonces > leave a body that cannot be sent twice', why: asStream },
    { file: 'dpop.test.ts', test: 'a request > has a proof of its own on every hop', why: follows },
    {
      file: 'renewal.test.ts',
      test: 'the body of a 401 > that breaks off fails where it is read, as with fetch',
      why: 'the test knows the words of Node for it',
    },
  ],
}

/** @returns the reason, where this test need not pass in that runtime */
export function reasonFor(runtime: string, file: string, test: string): string | undefined {
  return differences[runtime]?.find((one) => one.file === file && test.startsWith(one.test))?.why
}
