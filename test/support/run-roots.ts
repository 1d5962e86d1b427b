// Prints what the platform's roots are in whatever runs it: for each source how many there are, how many make anchors, how many are left out,
// and whether those that the test knows are among them; or why there is no such list.
import { ConfigError } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { platformRoots, type PlatformRootsSource } from "@sallyport/node";
import { parseDistinguishedName, parsePem, serverVerifier, trustAnchors } from "@sallyport/x509";

for (const source of ["default", "bundled", "system"] as const) console.log(JSON.stringify({ source, ...described(source) }));

function described(source: PlatformRootsSource): object {
  try {
    const pem = platformRoots(source);
    const leftOut: string[] = [];
    const anchors = trustAnchors(pem, { leftOut: ({ problem }) => leftOut.push(problem) });
    serverVerifier({ provider: node, anchors });
    const subjects = anchors.map(({ subject }) => parseDistinguishedName(subject).text);
    return {
      count: parsePem(pem).length,
      anchors: anchors.length,
      leftOut: leftOut.length,
      names: subjects.filter((name) => /ISRG Root X1|Sallyport test root/.test(name)),
    };
  } catch (thrown) {
    if (thrown instanceof ConfigError) return { refused: thrown.problems.map(({ kind }) => kind), why: thrown.message };
    throw thrown;
  }
}
