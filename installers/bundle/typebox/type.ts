// The package's own entry is such a file too; the bundler takes from it only what is used.
// oxlint-disable-next-line oxc/no-barrel-file
export * as Type from './builders.ts'
