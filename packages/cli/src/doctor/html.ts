/** Text that is HTML already. */
export interface Html {
  readonly html: string
}

type Part = string | number | Html | readonly Html[]

/** HTML of a template: whatever is put in is escaped, unless it came out of this itself. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: String.raw({ raw: strings }, ...parts.map(escaped)) }
}

function escaped(part: Part): string {
  if (typeof part === 'string' || typeof part === 'number')
    return String(part).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
  return 'html' in part ? part.html : part.map((one) => one.html).join('\n')
}
