// The CA certificates that the platform itself trusts, as PEM for a verifier's roots.
import { ConfigError } from "@sallyport/core";
import * as tls from "node:tls";

/**
 * - `default`: whom node:tls trusts in this process: those that came with Node.js, `NODE_EXTRA_CA_CERTS`, and what its flags and
 *   `setDefaultCACertificates` say. Before Node.js 22.15 only those that came with it can be known.
 * - `bundled`: those that came with Node.js, which are Mozilla's at its release.
 * - `system`: the operating system's; from Node.js 22.15 on.
 */
export type PlatformRootsSource = "default" | "bundled" | "system";

/**
 * PEM, one certificate behind the other, each once. Nobody is trusted by default: to give them to a verifier is a decision. As
 * anchors they count as browsers take them; as roots each is held to the profile, which some of them break. A list of the
 * operating system may hold what is no CA: `leftOut` is told of it.
 * @throws ConfigError if the runtime has no such list, or it is empty
 * @example serverVerifier({ provider: node, anchors: trustAnchors(platformRoots(), { leftOut: console.warn }) })
 */
export function platformRoots(source: PlatformRootsSource = "default"): string {
  const list = listOf(source);
  if (list === undefined) {
    const remedy = 'take "bundled", Node.js 22.15 or later, or a PEM file';
    throw refusal("not-supported-here", source, "can't be listed by this runtime", remedy);
  }
  if (list.length === 0) throw refusal("roots-empty", source, "is an empty list", "take another, or a PEM file");
  return [...new Set(list.map((pem) => `${pem.trim()}\n`))].join("");
}

/** What newer types of Node.js have; this package is built against those of Node.js 20. */
interface NewerTls {
  getCACertificates?(type: PlatformRootsSource): string[];
}

function listOf(source: PlatformRootsSource): readonly string[] | undefined {
  const { getCACertificates } = tls as NewerTls;
  if (getCACertificates !== undefined) return getCACertificates(source);
  return source === "system" ? undefined : tls.rootCertificates;
}

function refusal(kind: string, source: PlatformRootsSource, problem: string, remedy: string): ConfigError {
  return new ConfigError([{ kind, path: `platformRoots(${JSON.stringify(source)})`, problem, remedy }]);
}
