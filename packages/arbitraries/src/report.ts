// A conversation as text, and as a test that can be pasted: what a failure prints.
import { anotherOf } from "./another.ts";
import { plainPeer } from "./arbitraries.ts";
import type { Account, TransportScript } from "./conversation.ts";
import { describeFault, type Fault } from "./faults.ts";
import type { PeerScript } from "./script.ts";
import { describeSpoken } from "./spoken.ts";

/** Who said what, what was wrong with it, and what came of it. */
export function describeAccount({ peer, reach, violations }: Account): string {
  const { script } = peer;
  return [
    `a ${script.role} of ${script.version} that differs from a plain one by ${JSON.stringify(differences(script))}`,
    ...script.faults.map(
      (fault) => `fault: ${describeFault(fault)}${takenFrom(peer, fault)}${peer.reached.has(fault) ? "" : " (not reached)"}`,
    ),
    ...counted(peer.spoken.map((spoken) => `  ${describeSpoken(spoken)}`)),
    `reached: ${reach}`,
    ...violations.map((violation) => `VIOLATION: ${violation}`),
  ].join("\n");
}

/** Of another connection. */
function takenFrom({ hits }: Account["peer"], fault: Fault): string {
  const from = hits.find((hit) => hit.fault === fault)?.from;
  return from === undefined ? "" : `: another connection's ${describeSpoken(from)}`;
}

/** The same line many times is one line. */
function counted(lines: readonly string[]): string[] {
  const runs: { line: string; times: number }[] = [];
  for (const line of lines) {
    const last = runs.at(-1);
    if (last?.line === line) last.times++;
    else runs.push({ line, times: 1 });
  }
  return runs.map(({ line, times }) => (times === 1 ? line : `${line} (${times} times)`));
}

/** For a file that has `options` of the peer and makes a `subject`. */
export function testOf(
  script: PeerScript,
  transport: TransportScript = { chunks: [], endsAfter: undefined },
  name = "what the fuzzer found",
): string {
  const peerClass = script.role === "client" ? "ClientPeer" : "ServerPeer";
  const takes = anotherOf(script) !== undefined;
  const whole = "{ chunks: [], endsAfter: undefined }";
  return [
    `test(${JSON.stringify(name)}, () => {`,
    `  const script = plainPeer(${JSON.stringify(script.role)}, ${JSON.stringify(differences(script), undefined, 1).replaceAll(/\n\s*/g, " ")});`,
    `  const transport = { chunks: ${JSON.stringify(transport.chunks)}, endsAfter: ${transport.endsAfter} };`,
    ...(takes
      ? [`  const { peer: another } = converse(new ${peerClass}(anotherOf(script) ?? script, options), subject(), ${whole});`]
      : []),
    `  expect(converse(new ${peerClass}(script, ${takes ? "{ ...options, another: another.spoken }" : "options"}), subject(), transport).violations).toEqual([]);`,
    "});",
  ].join("\n");
}

/** What a plain peer does otherwise. */
export function differences(script: PeerScript): Partial<PeerScript> {
  const differs = ([name, value]: [string, unknown], plain: object): boolean =>
    JSON.stringify(value) !== JSON.stringify(plain[name as keyof typeof plain]);
  const own = Object.entries(script).filter((entry) => differs(entry, plainPeer(script.role)));
  return Object.fromEntries(own);
}
