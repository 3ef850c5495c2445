// What is published imports only what its package.json installs beside it, types included: they are in its d.ts files.
import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import ts from 'typescript'
import { ourFiles } from './our-files.mjs'

/**
 * @param {string} root
 * @returns {readonly string[]} problems
 */
export function checkDependencies(root) {
  return ourFiles(root).flatMap((file) => {
    const folder = /^(packages\/[^/]+)\/src\/.*\.[cm]?tsx?$/.exec(file)?.[1]
    if (folder === undefined) return []
    const installed = installedBeside(join(root, folder))
    return importsOf(join(root, file))
      .filter((name) => !installed.has(name))
      .map((name) => `${file} imports ${name}, which is in neither dependencies nor peerDependencies of ${folder}`)
  })
}

/** @param {string} folder */
function installedBeside(folder) {
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return new Set([...Object.keys(dependencies), ...Object.keys(peerDependencies)])
}

/**
 * @param {string} file
 * @returns {readonly string[]} names of packages
 */
function importsOf(file) {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, true)
  const names = importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => !name.startsWith('.') && !isBuiltin(name))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'))
  return [...new Set(names)]
}
