// The names in a server's certificate as the Baseline Requirements want them written. Whether one of them is the server's is asked
// elsewhere, and never of the common name.
import type { Certificate } from "./certificate.ts";
import { attributeTypes, valuesOf } from "./distinguished-name.ts";
import { addressText, isDnsName } from "./names.ts";

interface Problem {
  readonly problem: string;
  readonly section: string;
}

export function serverNameProblems({ subject, extensions }: Certificate): readonly Problem[] {
  const names = extensions.subjectAlternativeName?.value ?? [];
  const hosts = names.flatMap((name) => (name.form === "dns" ? [name.value] : []));
  const addresses = new Set(names.flatMap((name) => (name.form === "ip" ? [addressText(name.value)] : [])));
  const known = new Set(hosts);
  const problems: Problem[] = [];
  const malformed = hosts.find((host) => !isDnsName(host.startsWith("*.") ? host.slice(2) : host));
  if (malformed !== undefined) {
    const problem = `has ${JSON.stringify(malformed.slice(0, 100))} among its DNS names, which is none`;
    problems.push({ problem, section: "BR §7.1.2.7.12" });
  }
  const commonNames = valuesOf(subject, attributeTypes.commonName);
  if (commonNames.some((common) => common !== undefined && isStray(common, known, addresses))) {
    const problem = "has a host for a common name that is not, letter by letter, one of its subject alternative names";
    problems.push({ problem, section: "BR §7.1.4.3" });
  }
  return problems;
}

/**
 * In the shape of an address or a DNS name, and not among those that somebody has validated. A display name is left alone; so is
 * the domain of a wildcard, whose control the wildcard has proven (BR §3.2.2.6), and any DNS name beside addresses alone.
 */
function isStray(common: string, hosts: ReadonlySet<string>, addresses: ReadonlySet<string>): boolean {
  if (ipv4Shape.test(common) || ipv6Shape.test(common)) return !addresses.has(common);
  return hosts.size > 0 && hostShape.test(common) && !hosts.has(common) && !hosts.has(`*.${common}`);
}
/** Whatever `inet_aton` takes, but for a bare decimal number. */
const ipv4Shape = /^(?:0x[0-9a-f]{1,8}|(?:0x[0-9a-f]+|\d+)(?:\.(?:0x[0-9a-f]+|\d+)){1,3})$/i;
const ipv6Shape = /^[0-9a-f.]*:[0-9a-f.]*:[0-9a-f:.]*$/i;
/** Labels with dots between them, in any script. */
const hostShape = /^(?:[^\s.@:/\\,;"'()]+\.)+[^\s.@:/\\,;"'()]+$/u;
