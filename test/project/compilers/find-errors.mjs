// What an older TypeScript finds wrong in several projects: `node find-errors.mjs <folder of typescript> <tsconfig.json> ...` prints an
// object with what is wrong, by the path of the configuration. In one process, that begins once and reads the declarations of the platform
// once, and that looks for errors in the files below the configuration only: what is wrong in declarations of the platform is not ours, and
// to check them takes longer than all else.

import { createRequire } from 'node:module'
import path from 'node:path'

const [folder, ...configs] = process.argv.slice(2)
const ts = createRequire(import.meta.url)(folder)
const files = new Map()

const format = (diagnostics) =>
  ts.formatDiagnostics(diagnostics, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => ts.sys.getCurrentDirectory(),
    getNewLine: () => '\n',
  })

function findErrors(config) {
  const fatal = []
  const onUnRecoverableConfigFileDiagnostic = (diagnostic) => void fatal.push(diagnostic)
  const parsed = ts.getParsedCommandLineOfConfigFile(
    config,
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic },
  )
  if (parsed === undefined) return format(fatal)
  const host = ts.createCompilerHost(parsed.options)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (name, version, ...rest) => {
    const key = JSON.stringify([name, version])
    if (!files.has(key)) files.set(key, read(name, version, ...rest))
    return files.get(key)
  }
  const program = ts.createProgram(parsed.fileNames, parsed.options, host)
  const below = ts.sys.realpath(path.dirname(config)) + path.sep
  const own = program.getSourceFiles().filter(({ fileName }) => ts.sys.realpath(fileName).startsWith(below))
  const isRead = own.some(({ isDeclarationFile }) => isDeclarationFile)
  if (!isRead) return `${config}: no declarations are read that are below it`
  return format([
    ...parsed.errors,
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...own.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]),
  ])
}

console.log(JSON.stringify(Object.fromEntries(configs.map((config) => [config, findErrors(config)]))))
