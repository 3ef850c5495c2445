// The arrows between packages, for dependency-cruiser. A package that is not in the table has no right to exist.

/** What the source of each package may import of ours. @type {Readonly<Record<string, readonly string[]>>} */
const ARROWS = {
  core: [],
  browser: ['core'],
  node: ['core'],
  mcp: ['core'],
  // Writes its own tables from the services' pages, so that a wrong fact in a definition cannot pass its own test.
  sandbox: [],
  cli: ['core', 'node', 'mcp', 'sandbox'],
}

/** @param {readonly string[]} names */
function ours(names) {
  const group = names.join('|')
  // By path where the import resolves, by name where that package is not built.
  return `^(packages/(${group})/|@pentauth/(${group})(/|$))`
}

/**
 * @param {string} name
 * @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
function forbiddenArrows(name) {
  const others = Object.keys(ARROWS).filter((other) => other !== name && !ARROWS[name]?.includes(other))
  // A test may use the sandbox and whatever else it likes; the sandbox's own tests may not use us either.
  const folders = name === 'sandbox' ? '(src|test)' : 'src'
  return {
    name: `arrows-of-${name}`,
    comment: `packages/${name} may import of ours: ${ARROWS[name]?.join(', ') || 'nothing'}.`,
    severity: 'error',
    from: { path: `^packages/${name}/${folders}/` },
    to: { path: ours(others) },
  }
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.keys(ARROWS).map(forbiddenArrows),
    {
      name: 'unknown-package',
      comment: 'Give a new package its place in the table of arrows.',
      severity: 'error',
      from: { path: `^packages/(?!(${Object.keys(ARROWS).join('|')})/)` },
      to: {},
    },
    {
      name: 'no-cycles',
      comment: 'Modules that import each other cannot be read, or loaded, one after the other; types count too.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { circular: true },
    },
    {
      name: 'source-stands-alone',
      comment: 'What is published imports neither its tests nor the tooling.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: '^(packages/[^/]+/test/|tooling/|@pentauth/tooling)' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules', '/dist/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'default'],
      mainFields: ['module', 'main'],
    },
  },
}
