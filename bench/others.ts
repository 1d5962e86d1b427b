// Other TLS in JavaScript as clients, by their own process's CPU: lemon-tls (whose server is its own), those that only connect (to
// node:tls), and node-forge in memory (TLS 1.1, RSA, both ends).
import forge from "node-forge";
import type { Loopback } from "./loopback.ts";
import type { Effort, Figure, Measured } from "./report.ts";
import { digits, inTurns, ratios, ratioText, spread, table } from "./rounds.ts";
import type { Contender } from "./work.ts";

const mebibyte = 1024 * 1024;
const others = ["lemon-tls", "subtls", "@reclaimprotocol/tls"] as const;
type Name = "crypto-node" | (typeof others)[number];

export async function measureOthers(loopback: Loopback, { rounds, quick }: Effort): Promise<Measured> {
  const count = quick ? 32 : 96;
  const shake = (contender: Contender) => async (): Promise<number> => {
    const done = await loopback.run(contender, { kind: "handshakes", count, inFlight: 8, handshake: "full" });
    return count / done.cpuSeconds;
  };
  const load = (contender: Contender) => async (): Promise<number> => {
    const bytes = (contender === "crypto-node" || contender === "lemon-tls" ? 64 : 8) * mebibyte;
    return bytes / 1e6 / (await loopback.run(contender, { kind: "download", bytes, write: 65_536 })).cpuSeconds;
  };
  const both = async (
    measure: (contender: Contender) => () => Promise<number>,
  ): Promise<Readonly<Record<Name, readonly number[]>>> => {
    const of = (name: Name): (() => Promise<number>) => measure(name);
    for (const name of ["crypto-node", ...others] as const) for (let warm = 0; warm < 3; warm++) await of(name)();
    return inTurns(rounds, {
      "crypto-node": of("crypto-node"),
      "lemon-tls": of("lemon-tls"),
      subtls: of("subtls"),
      "@reclaimprotocol/tls": of("@reclaimprotocol/tls"),
    });
  };
  const [handshakes, bulk] = [await both(shake), await both(load)];
  const rows = [
    ["other TLS in JavaScript", "handshakes a CPU second", "crypto-node, x", "received, MB a CPU second", "crypto-node, x"],
  ];
  for (const name of ["crypto-node", ...others] as const) {
    const columns = [handshakes, bulk].flatMap((results) => [
      digits(spread(results[name]).median),
      name === "crypto-node" ? "1" : ratioText(ratios(results["crypto-node"], results[name])),
    ]);
    rows.push([name, ...columns]);
  }
  rows.push([
    "node-forge (TLS 1.1, RSA, in memory)",
    digits(spread(Array.from({ length: 3 }, () => forgeHandshakes(quick ? 2 : 8))).median),
    "",
    "",
    "",
  ]);
  const goal = (mustReach: number) => ({ better: "more", mustReach, unit: "x" }) as const;
  const best = (results: Readonly<Record<Name, readonly number[]>>): Name =>
    others.reduce((one, other) => (spread(results[other]).median > spread(results[one]).median ? other : one));
  const figures: Figure[] = [
    {
      what: "client's handshakes a CPU second, of the best other JavaScript TLS",
      beside: best(handshakes),
      value: ratios(handshakes["crypto-node"], handshakes[best(handshakes)]),
      goal: goal(4),
    },
    {
      what: "bulk received a CPU second, of the best other JavaScript TLS",
      beside: best(bulk),
      value: ratios(bulk["crypto-node"], bulk[best(bulk)]),
      goal: goal(1.2),
    },
  ];
  return { figures, tables: [table(rows)] };
}

/** A key and a certificate, made with it. */
function forged(): { readonly certificate: string; readonly key: string } {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = keys.publicKey;
  certificate.serialNumber = "01";
  certificate.validity.notAfter.setFullYear(certificate.validity.notBefore.getFullYear() + 1);
  certificate.setSubject([{ name: "commonName", value: "localhost" }]);
  certificate.setIssuer([{ name: "commonName", value: "localhost" }]);
  certificate.sign(keys.privateKey, forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate), key: forge.pki.privateKeyToPem(keys.privateKey) };
}
let identity: ReturnType<typeof forged> | undefined;

/** @returns whole handshakes a CPU second, both ends */
function forgeHandshakes(count: number): number {
  identity ??= forged();
  const { certificate, key } = identity;
  const before = process.cpuUsage();
  for (let made = 0; made < count; made++) {
    let connected = 0;
    const common = {
      verify: () => true as const,
      connected: () => {
        connected += 1;
      },
      dataReady: () => {},
      closed: () => {},
      error: (_: unknown, error: { readonly message: string }) => {
        throw new Error(error.message);
      },
    };
    const client = forge.tls.createConnection({
      ...common,
      server: false,
      caStore: [forge.pki.certificateFromPem(certificate)],
      tlsDataReady: (from) => void server.process(from.tlsData.getBytes()),
    });
    const server: forge.tls.Connection = forge.tls.createConnection({
      ...common,
      server: true,
      caStore: [],
      getCertificate: () => certificate,
      getPrivateKey: () => key,
      tlsDataReady: (from) => void client.process(from.tlsData.getBytes()),
    });
    client.handshake();
    if (connected !== 2) throw new Error(`node-forge: ${connected} ends are connected`);
  }
  const { user, system } = process.cpuUsage(before);
  return count / ((user + system) / 1e6);
}
