import { versionOf } from "./processes.ts";

/**
 * A Node.js with ML-KEM, in TLS and in node:crypto: this one, `node24` on the path, or the one that SALLYPORT_NODE24 names.
 * undefined: there is none.
 */
export const newerNode: { readonly command: string; readonly version: string } | undefined = [
  process.env["SALLYPORT_NODE24"] || "node24",
  process.execPath,
]
  .map((command) => ({ command, version: versionOf(command, "--version") ?? "" }))
  .find(({ version }) => Number(/^v(\d+)/.exec(version)?.[1] ?? 0) >= 24);
