import { useCallback, useState } from 'react'

export interface Task {
  readonly isBusy: boolean
  readonly problem: unknown
  readonly run: (work: () => Promise<unknown>) => void
}

/** Runs what a person asked for, and keeps what went wrong until they ask for something else. */
export function useTask(): Task {
  const [running, setRunning] = useState(0)
  const [problem, setProblem] = useState<unknown>()
  const run = useCallback((work: () => Promise<unknown>) => {
    setProblem(undefined)
    setRunning((count) => count + 1)
    // At once, and not in a later turn: a browser opens windows only while it handles the click.
    work()
      .catch(setProblem)
      .finally(() => setRunning((count) => count - 1))
  }, [])
  return { isBusy: running > 0, problem, run }
}
