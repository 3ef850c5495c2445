import { onTestFinished } from 'vitest'

// Another client of the same origin, with a thread of its own: it shares databases and Web Locks with this page, can stand still
// without an end, and can be ended at any time, as a tab can.

const modules = import.meta.url.replace(/\/test\/.*$/, '/src')

const program = `
// Vitest has put this into the modules of the page.
globalThis.__vitest_browser_runner__ = { wrapDynamicImport: (load) => load() }
const modules = Promise.all(['indexed-db-store.ts', 'web-lock.ts'].map((file) => import('${modules}/' + file)))
let store
self.onmessage = async ({ data: { id, name, code } }) => {
  try {
    const [{ indexedDBStore }] = await modules
    store ??= indexedDBStore({ name })
    self.postMessage({ id, value: await (0, eval)(code)(store, (mark) => self.postMessage({ mark })) })
  } catch (error) {
    self.postMessage({ id, failure: error.code ?? String(error) })
  }
}
`

export interface OtherTab {
  /** Runs a function that uses nothing but what it is given; rejects with the code of an error of ours. */
  run<T>(work: (store: TabStore, mark: (mark: string) => void) => Promise<T>): Promise<T>
  /** Resolves when what runs there has called `mark` with that. */
  marked(mark: string): Promise<void>
  end(): void
}
type TabStore = import('../../src/lasting-store.ts').LastingStore

export function otherTab(name: string): OtherTab {
  const url = URL.createObjectURL(new Blob([program], { type: 'text/javascript' }))
  const worker = new Worker(url, { type: 'module' })
  const waiting = new Map<string, (answer: { value?: unknown; failure?: string }) => void>()
  const marks = new Set<string>()
  worker.onmessage = ({ data }) => {
    if (data.mark) marks.add(data.mark)
    waiting.get(data.mark ?? data.id)?.(data)
  }
  const end = () => worker.terminate()
  onTestFinished(end)
  return {
    end,
    run: (work) =>
      new Promise((resolve, reject) => {
        const id = crypto.randomUUID()
        waiting.set(id, ({ value, failure }) => (failure === undefined ? resolve(value as never) : reject(failure)))
        worker.postMessage({ id, name, code: `(${work})` })
      }),
    marked: (mark) =>
      new Promise((resolve) => {
        if (marks.has(mark)) resolve()
        else waiting.set(mark, () => resolve())
      }),
  }
}
