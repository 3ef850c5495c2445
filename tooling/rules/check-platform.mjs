// Core runs anywhere: of the globals that a platform brings, its source uses those in this list and no other.
import { join } from 'node:path'
import ts from 'typescript'
import { ourFiles } from './our-files.mjs'

/** Web APIs that every platform has. What the language itself brings (Promise, Map, …) needs no place here. */
const WEB_APIS = new Set([
  'AbortController',
  'AbortSignal',
  'Blob',
  'DOMException',
  'FormData',
  'Headers',
  'ReadableStream',
  'Request',
  'Response',
  'TextDecoder',
  'TextEncoder',
  'URL',
  'URLSearchParams',
  'atob',
  'btoa',
  'clearTimeout',
  'setTimeout',
  'structuredClone',
])

/** The two files at the platform seam, and what only they may take from it. */
const SEAM = /^packages\/core\/src\/(http|runtime)\.ts$/
const SEAM_APIS = new Set(['fetch', 'crypto'])

/** From the language, but ways around every list. */
const EVALUATING = new Set(['eval', 'Function'])

/** No module is resolved: a name either is declared in the file that uses it or is a global. */
const OPTIONS = {
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  types: [],
  noResolve: true,
  allowImportingTsExtensions: true,
  noEmit: true,
}

/**
 * @param {string} root
 * @returns {readonly string[]} problems
 */
export function checkPlatform(root) {
  const files = ourFiles(root).filter((file) => /^packages\/core\/src\/.*\.ts$/.test(file))
  const program = ts.createProgram({ rootNames: files.map((file) => join(root, file)), options: OPTIONS })
  const checker = program.getTypeChecker()
  return files.flatMap((file) => {
    const source = program.getSourceFile(join(root, file))
    if (source === undefined) return [`${file} cannot be read`]
    /** @type {string[]} */
    const problems = []
    eachValue(source, (node) => {
      const problem = ts.isIdentifier(node) ? judge(node, checker, program, SEAM.test(file)) : AMBIENT
      if (problem === undefined) return
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source))
      problems.push(`${file}:${line + 1} ${problem}`)
    })
    return problems
  })
}

const AMBIENT = 'declares or reads what a platform would bring: take it from the Runtime'

/**
 * @param {ts.Identifier} node
 * @param {ts.TypeChecker} checker
 * @param {ts.Program} program
 * @param {boolean} seam
 * @returns {string | undefined}
 */
function judge(node, checker, program, seam) {
  const name = node.text
  if (name === 'globalThis') return judgeGlobalThis(node, seam)
  const symbol = ts.isShorthandPropertyAssignment(node.parent)
    ? checker.getShorthandAssignmentValueSymbol(node.parent)
    : checker.getSymbolAtLocation(node)
  if (symbol === undefined) return `uses ${name}, which is declared nowhere: it would be one platform's`
  // `undefined` and `arguments` have no declaration at all.
  const declared = symbol.valueDeclaration?.getSourceFile()
  if (declared === undefined || !program.isSourceFileDefaultLibrary(declared)) return undefined
  if (EVALUATING.has(name)) return `uses ${name}, which runs text as code`
  if (!declared.fileName.includes('lib.dom') || WEB_APIS.has(name)) return undefined
  if (!SEAM_APIS.has(name)) return `uses the global ${name}, which is not in the list of what core may use`
  return seam ? undefined : `uses the global ${name}: only http.ts and runtime.ts may`
}

/**
 * Under another name it could not be followed, so it is only used on the spot.
 * @param {ts.Identifier} node
 * @param {boolean} seam
 * @returns {string | undefined}
 */
function judgeGlobalThis(node, seam) {
  if (!seam) return 'uses globalThis: only http.ts and runtime.ts may'
  const { parent } = node
  // `'document' in globalThis` asks, and takes nothing.
  if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InKeyword) return undefined
  if (ts.isPropertyAccessExpression(parent) && SEAM_APIS.has(parent.name.text)) return undefined
  return `uses globalThis for more than ${[...SEAM_APIS].join(' and ')}`
}

/**
 * Calls `found` with each identifier that stands for a value, and with what claims or reads a platform's without one.
 * @param {ts.Node} node
 * @param {(node: ts.Node) => void} found
 */
function eachValue(node, found) {
  if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return
  if (ts.isHeritageClause(node) && node.token === ts.SyntaxKind.ImplementsKeyword) return
  if (ts.isMetaProperty(node)) {
    if (node.keywordToken === ts.SyntaxKind.ImportKeyword) found(node)
    return
  }
  if (isAmbient(node)) return found(node)
  if (ts.isIdentifier(node)) {
    if (!isName(node)) found(node)
    return
  }
  ts.forEachChild(node, (child) => eachValue(child, found))
}

/** @param {ts.Node} node */
function isAmbient(node) {
  // A field that is only declared has no global behind it.
  if (!ts.isStatement(node) || !ts.canHaveModifiers(node)) return false
  return ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword) ?? false
}

/**
 * Whether the identifier names a member, a variable or a label and is no reference.
 * @param {ts.Identifier} node
 */
function isName(node) {
  const { parent } = node
  if (ts.isShorthandPropertyAssignment(parent)) return false
  if (ts.isBreakOrContinueStatement(parent) || ts.isLabeledStatement(parent)) return true
  return ('name' in parent && parent.name === node) || ('propertyName' in parent && parent.propertyName === node)
}
