/**
 * as-pect: `npx asp --config as-pect.config.js --no-logo`. The last line is
 * "as-pect: N passed, N failed, N files"; where no spec was found it is missing, though the exit status is 0.
 */
export default {
  entries: ["test/assembly/*.spec.ts"],
  // The default would look for assembly/__tests__.
  include: [],
  disclude: [/node_modules/],
  reporter: "test/assembly/reporter.js",
  outputBinary: false,
  instantiate: (memory, createImports, instantiate, binary) =>
    instantiate(binary, createImports({ env: { memory } })),
};
