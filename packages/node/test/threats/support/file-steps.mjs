// Counts what is done to files, step by step, so that a process can end, or the disk can fail, at each of them.

const steps = {
  folder: [
    'access',
    'chmod',
    'link',
    'lstat',
    'mkdir',
    'open',
    'readdir',
    'realpath',
    'rename',
    'rm',
    'rmdir',
    'unlink',
  ],
  file: ['stat', 'chmod', 'read', 'writeFile', 'sync', 'close'],
}

/**
 * Calls back before each step with its number, from 1 on; what that throws is the failure of the step.
 * @param {(step: number) => void} before
 * @returns {Promise<() => void>} ends it
 */
export async function watchSteps(before) {
  const fs = process.getBuiltinModule('node:fs/promises')
  const file = await fs.open(process.execPath)
  const fileMethods = Object.getPrototypeOf(file)
  await file.close()
  let count = 0
  const undo = []
  const watch = (owner, names) => {
    for (const name of names) {
      const real = owner[name]
      owner[name] = async function (...args) {
        count += 1
        try {
          before(count)
        } catch (error) {
          // One that is not closed would be open for ever.
          if (name === 'close') await real.apply(this, args)
          throw error
        }
        return real.apply(this, args)
      }
      undo.push(() => {
        owner[name] = real
      })
    }
  }
  watch(fs, [...steps.folder, 'writeFile'])
  watch(fileMethods, steps.file)
  return () => {
    for (const one of undo) one()
  }
}
