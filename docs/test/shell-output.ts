/** Whether a program has printed what a README says: `…` is anything within a line, and a line of it alone any number of lines. */
export function isOutput(printed: string, output: string): boolean {
  const lines = output.trimEnd().split('\n')
  const pattern = lines.map((line) => (line.trim() === '…' ? '(?:.*\\n)*?' : `${escaped(line.trimEnd())}\\n`)).join('')
  const text = printed.trimEnd().replace(/[ \t\r]+$/gm, '')
  return new RegExp(`^${pattern}$`).test(`${text}\n`)
}

function escaped(line: string): string {
  return line
    .split('…')
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .join('.*')
}
