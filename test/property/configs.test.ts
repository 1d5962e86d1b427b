import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import {
  Acceptor, type ClientConfig, type ClientOptions, clientConfig, ConfigError, type Credential, dangerousRawPsk, type ExternalPsk, importedPsk, type ServerConfig, type ServerOptions, serverConfig,
} from "@sallyport/core";
import { fakeCredential, type FakeKey } from "../support/fake-credential.ts";
import { fakeProvider, fakeSchemes } from "../support/fake-provider.ts";
import { converse, joined, makeClient, makeServer } from "../support/pair.ts";
import { now, trusting } from "../support/seeded.ts";

const provider = fakeProvider();
const suites = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"] as const;
const groups = ["x25519", "secp256r1", "secp384r1"] as const;
const keys: readonly FakeKey[] = ["P-256", "P-384", "P-521", "Ed25519", "RSA", "RSA-PSS"];
const verifier = { ...trusting, schemes: fakeSchemes };

/** Absent, or any selection in any order, the empty one too. */
const some = <T>(values: readonly T[]): fc.Arbitrary<{ value?: T[] }> =>
  fc.option(fc.shuffledSubarray([...values])).map((value) => (value === null ? {} : { value }));
const as = <Name extends string, T>(name: Name, { value }: { value?: T }): { [K in Name]?: T } =>
  (value === undefined ? {} : { [name]: value }) as { [K in Name]?: T };

const limits = fc.record(
  {
    clientHello: fc.integer({ min: 512, max: 20_000 }),
    certificateMessage: fc.integer({ min: 1024, max: 100_000 }),
    certificateChain: fc.integer({ min: 1, max: 20 }),
    handshakeMessage: fc.integer({ min: 1024, max: 100_000 }),
    skippedEarlyData: fc.integer({ min: 1, max: 100_000 }),
    emptyRecordsInARow: fc.integer({ min: 1, max: 100 }),
    warningAlerts: fc.integer({ min: 1, max: 10 }),
    changeCipherSpecs: fc.integer({ min: 1, max: 10 }),
    postHandshakeInARow: fc.integer({ min: 2, max: 100 }),
    recordsPerKey: fc.integer({ min: 4, max: 100 }),
  },
  { requiredKeys: [] },
);
const common = fc
  .tuple(some(suites), some(groups), some(fakeSchemes), some(["h2", "http/1.1", "\u00ff"]), limits, fc.boolean())
  .map(([chosenSuites, chosenGroups, schemes, alpn, chosenLimits, lenient]) => ({
    provider,
    now,
    ...as("suites", chosenSuites),
    ...as("groups", chosenGroups),
    ...as("schemes", schemes),
    ...as("alpn", alpn),
    limits: chosenLimits,
    truncation: lenient ? ("lenient" as const) : ("strict" as const),
  }));

/** undefined: refused, with its problems. */
function made<Config>(make: () => Config): Config | undefined {
  try {
    return make();
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    for (const { problem, remedy } of thrown.problems) expect([problem, remedy]).toEqual([expect.stringMatching(/./), expect.stringMatching(/./)]);
    return undefined;
  }
}

function expectHandshake(client: ClientConfig, server: ServerConfig, serverName: string): void {
  const pair = { client: makeClient({ config: client, keyLog: [] }, { serverName }), server: makeServer({ config: server, keyLog: [] }) };
  converse(pair);
  pair.client.send(new Uint8Array(100_000).fill(1));
  pair.server.send(new Uint8Array(100_000).fill(2));
  converse(pair);
  expect([joined(pair.server.data).length, joined(pair.client.data).length]).toEqual([100_000, 100_000]);
}

describe("every config that is accepted completes a handshake", () => {
  const names = fc.constantFrom<readonly string[]>([], ["example.com"], ["*.example.com"], ["127.0.0.1"], ["EXAMPLE.com.", "other.org"]);
  const credentials = fc.array(fc.tuple(fc.constantFrom(...keys), names), { minLength: 1, maxLength: 4 });
  const servers = fc
    .tuple(common, credentials, fc.boolean(), fc.boolean(), fc.constantFrom("server" as const, "client" as const))
    .map(([options, chosen, servesAnyName, requiresServerName, suiteOrder]): ServerOptions => {
      const [first, ...others] = chosen.map(([key, covered]) => fakeCredential(key, { names: covered }));
      const all: [Credential, ...Credential[]] = [first ?? fakeCredential("P-256"), ...others];
      return { ...options, credentials: all, servesAnyName, requiresServerName, suiteOrder };
    });

  /** Names that the server answers to; an address asks for none. */
  function namesFor({ credentials: all, servesAnyName }: ServerOptions): string[] {
    const asked = all.flatMap((credential) => credential.names).filter((candidate) => !/^[\d.]+$/.test(candidate));
    return [...asked.map((name) => name.replace("*", "www")), servesAnyName === true ? "any.example" : "127.0.0.1"];
  }
  /** Clients that can do everything, of both versions or one: a name's only key may sign in TLS 1.2 alone. */
  const profiles = [["tls1.3", "tls1.2"], ["tls1.3"], ["tls1.2"]] as const;

  test.prop([servers], { numRuns: 300 })("at a server, with at least one client that can do everything", (options) => {
    const server = made(() => serverConfig(options));
    if (server === undefined) return;
    const limitsOfClient = { certificateMessage: 200_000, certificateChain: 100 };
    const failures: unknown[] = [];
    for (const serverName of namesFor(options)) {
      for (const versions of profiles) {
        try {
          const client = clientConfig({ provider, now, verifier, versions, alpn: options.alpn ?? [], limits: limitsOfClient });
          return expectHandshake(client, server, serverName);
        } catch (thrown) {
          failures.push(thrown);
        }
      }
    }
    throw failures[0];
  });

  const manners = fc.record(
    {
      grease: fc.boolean(), padding: fc.boolean(), permuteExtensions: fc.boolean(),
      clientHelloRecordSize: fc.integer({ min: 60, max: 600 }),
    },
    { requiredKeys: [] },
  );
  const shares = fc.option(fc.oneof(fc.nat({ max: 3 }), fc.shuffledSubarray([...groups])));
  const clients = fc
    .tuple(common, shares, fc.shuffledSubarray([...fakeSchemes]), manners)
    .map(([options, keyShares, schemes, how]): ClientOptions => ({
      ...options, verifier: { ...verifier, schemes }, ...(keyShares === null ? {} : { keyShares }), ...how,
    }));

  test.prop([clients], { numRuns: 300 })("at a client, with a server that can do everything", (options) => {
    const client = made(() => clientConfig(options));
    if (client === undefined) return;
    const [first, ...others] = keys.map((key) => fakeCredential(key));
    const server = serverConfig({
      provider, now, credentials: [first ?? fakeCredential("P-256"), ...others], alpn: options.alpn ?? [], limits: { clientHello: 100_000 },
      retryCookie: true,
    });
    expectHandshake(client, server, "example.com");
  });

  const secrets: readonly ExternalPsk[] = [
    importedPsk({ identity: Uint8Array.of(1), key: new Uint8Array(32).fill(1), hash: "sha384" }),
    dangerousRawPsk({ identity: Uint8Array.of(2), key: new Uint8Array(16).fill(2), hash: "sha256" }),
    dangerousRawPsk({ identity: Uint8Array.of(3), key: new Uint8Array(64).fill(3), hash: "sha384" }),
  ];
  const withSecrets = fc.tuple(common, fc.shuffledSubarray([...secrets], { minLength: 1 }), fc.shuffledSubarray([...secrets]));
  test.prop([withSecrets], { numRuns: 150 })("of PSKs alone at either side, with another that has them all", ([options, [first, ...others], more]) => {
    if (first === undefined) throw new Error("no PSK");
    const psks = [first, ...others] as const;
    const theirs = [first, ...others, ...more.filter((psk) => psk !== first && !others.includes(psk))] as const;
    const peer = { provider, now, psks: theirs, alpn: options.alpn ?? [] };
    // A small limit on hellos is a small number of PSKs, too.
    const limits = { ...options.limits, clientHello: 16_384 };
    const server = made(() => serverConfig({ ...options, limits, psks }));
    if (server !== undefined) expectHandshake(clientConfig({ ...peer, limits }), server, "any.example");
    const client = made(() => clientConfig({ ...options, limits, psks }));
    if (client !== undefined) expectHandshake(client, serverConfig(peer), "any.example");
  });

  test("at a client that names as many protocols as a config may", () => {
    const alpn = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at).padEnd(255, "-"));
    let count = 256;
    let client: ClientConfig | undefined;
    while (client === undefined) {
      count--;
      client = made(() => clientConfig({ provider, now, verifier, alpn: alpn(count), keyShares: 3 }));
    }
    const side = makeClient({ config: client, keyLog: [] }, { serverName: `${"a.".repeat(120)}example.com` });
    const stage = new Acceptor({ maxClientHello: 70_000, maxReceived: 80_000 }).start().receive(side.take());
    expect(stage.kind).toBe("accepted");
    expect(stage.kind === "accepted" && stage.clientHello.alpn).toEqual(alpn(count));
  });
});
