import { fc, test } from "@fast-check/vitest";
import { describe, expect, test as plain } from "vitest";
import {
  Acceptor,
  type ClientConfig,
  type ClientOptions,
  clientConfig,
  type CommonOptions,
  ConfigError,
  dangerousRawPsk,
  type ExternalPsk,
  importedPsk,
  memoryClientSessions,
  type ServerConfig,
  type ServerOptions,
  serverConfig,
  ticketKeys,
} from "@sallyport/core";
import { certificateCompressors } from "@sallyport/crypto-node";
import { fakeCredential, type FakeKey } from "../support/fake-credential.ts";
import { fakeProvider, fakeSchemes, group } from "../support/fake-provider.ts";
import { converse, joined, makeClient, makeServer } from "../support/pair.ts";
import { keptSessions, now, trusting } from "../support/seeded.ts";

/** Short where a counterexample is printed. */
const provider = Object.assign(fakeProvider({ groups: [...fakeProvider().groups, group("secp521r1", 133)] }), {
  [fc.toStringMethod]: () => "provider",
});
const groups = ["x25519", "secp256r1", "secp384r1", "secp521r1"] as const;
const keys: readonly FakeKey[] = ["P-256", "P-384", "P-521", "Ed25519", "RSA", "RSA-PSS"];
const verifier = { ...trusting, schemes: fakeSchemes };

/** Any selection in any order, the empty one too. */
const some = <T>(values: readonly T[]): fc.Arbitrary<T[]> => fc.shuffledSubarray([...values]);

const secrets: readonly ExternalPsk[] = [
  importedPsk({ identity: Uint8Array.of(1), key: new Uint8Array(32).fill(1), hash: "sha384" }),
  dangerousRawPsk({ identity: Uint8Array.of(2), key: new Uint8Array(16).fill(2), hash: "sha256" }),
  dangerousRawPsk({ identity: Uint8Array.of(3), key: new Uint8Array(64).fill(3), hash: "sha384" }),
];

/** A draw for each option: one that is forgotten does not compile. */
type Wishes<Options> = { readonly [Name in keyof Options]-?: fc.Arbitrary<Options[Name]> };

/** Each of the others is there once in four times, so that most configs can work. */
function drawn<Options extends object>(wishes: Wishes<Options>, required: readonly (keyof Options)[]): fc.Arbitrary<Options> {
  const names = Object.keys(wishes) as (keyof Options)[];
  const entries = names.map((name): fc.Arbitrary<readonly [keyof Options, unknown][]> => {
    const given = wishes[name].map((value): [keyof Options, unknown][] => [[name, value]]);
    return required.includes(name) ? given : fc.oneof({ arbitrary: fc.constant([]), weight: 3 }, { arbitrary: given, weight: 1 });
  });
  // Each value was drawn for its own name.
  return fc.tuple(...entries).map((all) => Object.fromEntries(all.flat()) as Options);
}

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
const commonWishes: Wishes<CommonOptions> = {
  provider: fc.constant(provider),
  now: fc.constant(now),
  versions: some(["tls1.3", "tls1.2"]),
  suites: some(provider.suites.map(({ name }) => name)),
  groups: some(groups),
  schemes: some(fakeSchemes),
  alpn: some(["h2", "http/1.1", "\u00ff"]),
  limits,
  maxRecordSize: fc.integer({ min: 60, max: 16_400 }),
  certificateCompression: some(certificateCompressors),
  truncation: fc.constantFrom("strict", "lenient"),
  label: fc.string(),
  requireExtendedMasterSecret: fc.boolean(),
  resumesTls12: fc.boolean(),
  dangerousKeyLog: fc.constant(() => {}),
  psks: some(secrets),
  dangerousExtractSecrets: fc.boolean(),
  trace: fc.constant(() => {}),
};

/** undefined: refused, with its problems. */
function made<Config>(make: () => Config): Config | undefined {
  try {
    return make();
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    for (const { problem, remedy } of thrown.problems)
      expect([problem, remedy]).toEqual([expect.stringMatching(/./), expect.stringMatching(/./)]);
    return undefined;
  }
}

function expectHandshake(client: ClientConfig, server: ServerConfig, serverName: string): void {
  const pair = {
    client: makeClient({ config: client, keyLog: [] }, { serverName }),
    server: makeServer({ config: server, keyLog: [] }),
  };
  converse(pair);
  // Keys of TLS 1.2 can't be changed: `recordsPerKey` is all that they are good for.
  const length = pair.client.established.info.version === "tls1.3" ? 100_000 : 64;
  pair.client.send(new Uint8Array(length).fill(1));
  pair.server.send(new Uint8Array(length).fill(2));
  converse(pair);
  expect([joined(pair.server.data).length, joined(pair.client.data).length]).toEqual([length, length]);
}

describe("every config that is accepted completes a handshake", () => {
  const names = fc.constantFrom<readonly string[]>(
    [],
    ["example.com"],
    ["*.example.com"],
    ["127.0.0.1"],
    ["EXAMPLE.com.", "other.org"],
  );
  const credential = fc.tuple(fc.constantFrom(...keys), names).map(([key, covered]) => fakeCredential(key, { names: covered }));
  const serverWishes: Wishes<ServerOptions> = {
    ...commonWishes,
    credentials: fc
      .tuple(credential, fc.array(credential, { maxLength: 3 }))
      .map(([first, others]) => [first, ...others] as const),
    servesAnyName: fc.boolean(),
    requiresServerName: fc.boolean(),
    clientAuthentication: fc.record({
      mode: fc.constantFrom("optional", "required"),
      verifier: fc.shuffledSubarray([...fakeSchemes], { minLength: 1 }).map((schemes) => ({ ...verifier, schemes })),
      authorities: fc.constantFrom([], [Uint8Array.of(0x30, 0)]),
    }),
    reverifyOnResume: fc.boolean(),
    suiteOrder: fc.constantFrom<NonNullable<ServerOptions["suiteOrder"]>>("server", "client", ({ common }) =>
      common.toReversed(),
    ),
    groupOrder: fc.constantFrom<NonNullable<ServerOptions["groupOrder"]>>("server", "client", ({ common }) => common.at(-1)),
    assumeGroups: some(groups),
    retryCookie: fc.boolean(),
    sessions: fc.constantFrom(() => ticketKeys({ random: provider.random, now }), keptSessions).map((make) => make()),
    sessionData: fc.constant(() => Uint8Array.of(1)),
    earlyData: fc.record({
      maxBytes: fc.integer({ min: 0, max: 20_000 }),
      singleUse: fc.constant({ use: () => "fresh" } as const),
    }),
    halfRtt: fc.boolean(),
  };
  const servers = drawn(serverWishes, ["provider", "now", "credentials"]);

  /** Names that the server answers to; an address asks for none. */
  function namesFor({ credentials: all, servesAnyName }: ServerOptions): string[] {
    const asked = all.flatMap((credential) => credential.names).filter((candidate) => !/^[\d.]+$/.test(candidate));
    return [...asked.map((name) => name.replace("*", "www")), servesAnyName === true ? "any.example" : "127.0.0.1"];
  }
  /** Clients that can do everything, of both versions or one: a name's only key may sign in TLS 1.2 alone. */
  const profiles = [["tls1.3", "tls1.2"], ["tls1.3"], ["tls1.2"]] as const;

  const everything = {
    provider,
    now,
    limits: { certificateMessage: 200_000, certificateChain: 100, clientHello: 100_000, recordsPerKey: 1000 },
  };
  const [firstKey, ...otherKeys] = keys.map((key) => fakeCredential(key));
  const allCredentials = [firstKey ?? fakeCredential("P-256"), ...otherKeys] as const;
  const seen = { server: new Set<string>(), client: new Set<string>() };

  test.prop([servers], { numRuns: 500 })("at a server, with at least one client that can do everything", (options) => {
    const server = made(() => serverConfig(options));
    if (server === undefined) return;
    const failures: unknown[] = [];
    for (const serverName of namesFor(options)) {
      for (const versions of profiles) {
        try {
          const common = { ...everything, verifier, versions, alpn: options.alpn ?? [], credentials: allCredentials };
          const client = clientConfig({ ...common, sessions: memoryClientSessions(), earlyData: versions[0] === "tls1.3" });
          expectHandshake(client, server, serverName);
          for (const name of Object.keys(options)) seen.server.add(name);
          // And again, by a session where one came of it.
          return expectHandshake(client, server, serverName);
        } catch (thrown) {
          failures.push(thrown);
        }
      }
    }
    throw failures[0];
  });

  const clientWishes: Wishes<ClientOptions> = {
    ...commonWishes,
    verifier: fc.oneof(
      { arbitrary: fc.constant(verifier), weight: 2 },
      { arbitrary: some(fakeSchemes).map((schemes) => ({ ...verifier, schemes })), weight: 1 },
    ),
    credentials: fc.array(credential, { maxLength: 3 }),
    keyShares: fc.oneof(fc.nat({ max: 3 }), some(groups)),
    padding: fc.boolean(),
    grease: fc.boolean(),
    permuteExtensions: fc.boolean(),
    clientHelloRecordSize: fc.integer({ min: 60, max: 600 }),
    sessions: fc.constant(0).map(() => memoryClientSessions()),
    tickets: fc.record({ new: fc.nat({ max: 17 }), resumed: fc.nat({ max: 17 }) }),
    reverifyOnResume: fc.boolean(),
    earlyData: fc.boolean(),
  };
  const clients = drawn(clientWishes, ["provider", "now", "verifier"]);

  test.prop([clients], { numRuns: 500 })("at a client, with a server that can do everything", (options) => {
    const client = made(() => clientConfig(options));
    if (client === undefined) return;
    const server = serverConfig({
      ...everything,
      credentials: allCredentials,
      alpn: options.alpn ?? [],
      retryCookie: true,
      clientAuthentication: { mode: "optional", verifier },
      sessions: ticketKeys({ random: provider.random, now }),
      earlyData: { maxBytes: 10_000, singleUse: { use: () => "fresh" } },
    });
    expectHandshake(client, server, "example.com");
    for (const name of Object.keys(options)) seen.client.add(name);
    expectHandshake(client, server, "example.com");
  });

  plain("each option was in a config that was accepted, and worked", () => {
    expect([...seen.server].sort()).toEqual(Object.keys(serverWishes).sort());
    expect([...seen.client].sort()).toEqual(Object.keys(clientWishes).sort());
  });

  const { suites, groups: theirGroups, schemes, alpn, truncation } = commonWishes;
  const pskWishes = {
    provider: commonWishes.provider,
    now: commonWishes.now,
    suites,
    groups: theirGroups,
    schemes,
    alpn,
    limits,
    truncation,
  };
  const withSecrets = fc.tuple(
    drawn<Pick<CommonOptions, "provider" | "now" | "suites" | "groups" | "schemes" | "alpn" | "limits" | "truncation">>(
      pskWishes,
      ["provider", "now"],
    ),
    fc.shuffledSubarray([...secrets], { minLength: 1 }),
    fc.shuffledSubarray([...secrets]),
  );
  test.prop([withSecrets], { numRuns: 150 })(
    "of PSKs alone at either side, with another that has them all",
    ([options, [first, ...others], more]) => {
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
    },
  );

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
