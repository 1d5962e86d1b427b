// Keys that both sides have from elsewhere (RFC 9846 §2.2), imported (RFC 9258) or raw.
import { createHash, createHmac } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import {
  type ClientOptions,
  clientConfig,
  ConfigError,
  Connector,
  dangerousAssertVerified,
  dangerousRawPsk,
  type ExternalPsk,
  importedPsk,
  memoryClientSessions,
  type ServerOptions,
  serverConfig,
  ticketKeys,
} from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { decodeClientHello } from "../../packages/core/src/wire/client-hello.ts";
import {
  converse,
  establishedPair,
  makeClient,
  makeConfigs,
  makePair,
  makeServer,
  type Pair,
  type PairOptions,
} from "../support/pair.ts";
import { ScriptedServer, type ServerHelloScript } from "../support/scripted-peer.ts";
import { now, seededCredential, seededNoble, seededRandom, trusting } from "../support/seeded.ts";
import { clientSettings, serverSettings } from "../support/settings.ts";

const text = (said: string): Uint8Array => new TextEncoder().encode(said);
const key = (seed: string): Uint8Array => seededRandom(seed)(32);
const imported = (name: string, of = name): ExternalPsk => importedPsk({ identity: text(name), key: key(of) });
const raw = (name: string, hash: "sha256" | "sha384" = "sha256", of = name): ExternalPsk =>
  dangerousRawPsk({ identity: text(name), key: key(of), hash });

/** How a handshake ended on both sides. */
function meet(options: PairOptions = {}): { client: string; server: string; pair: Pair } {
  const pair = makePair(options);
  converse(pair);
  const ending = ({ stage, failure }: Pair["client"]): string => {
    if (failure !== undefined)
      return `${failure.error.kind}: ${failure.alert.kind === "alert" ? failure.alert.description : "none"}`;
    return stage.kind === "established" ? stage.connection.info.handshakeKind : stage.kind;
  };
  return { client: ending(pair.client), server: ending(pair.server), pair };
}
const identityOf = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString();

describe.each<["node" | "noble", PairOptions["provider"]]>([
  ["node", undefined],
  ["noble", seededNoble],
])("with %s", (_, provider) => {
  const given: PairOptions = provider === undefined ? {} : { provider };
  test.each<[string, ExternalPsk]>([
    ["imported", imported("shared")],
    ["imported, by sha384", importedPsk({ identity: text("shared"), key: key("x"), hash: "sha384", context: text("a house") })],
    ["raw", raw("shared")],
    ["raw, sha384", raw("shared", "sha384")],
  ])("a key that both have is the proof of both: %s", (_, psk) => {
    for (const pskOnly of ["both", "client", "server", undefined] as const) {
      const { pair, client, server } = meet({ ...given, psks: [psk], ...(pskOnly && { pskOnly }) });
      expect([client, server]).toEqual(["psk", "psk"]);
      const [one, other] = [pair.client.established, pair.server.established];
      for (const { info } of [one, other]) {
        expect(identityOf(info.psk?.identity)).toBe("shared");
        expect(info.peer ?? info.peerSignatureScheme ?? info.ownSignatureScheme ?? info.ownCertificate).toBeUndefined();
        expect(info.asksPeer).toBe(false);
        expect(info.group).toBeDefined();
      }
      expect(one.exportKeyingMaterial("EXPORTER-x", undefined, 32)).toEqual(
        other.exportKeyingMaterial("EXPORTER-x", undefined, 32),
      );
      expect(pair.client.keyLog).toHaveLength(5);
      expect([...pair.client.keyLog].sort()).toEqual([...pair.server.keyLog].sort());
    }
  });
});

test("a synchronous and an asynchronous pair say the same", () => {
  const options: PairOptions = { psks: [imported("shared"), raw("other")], pskOnly: "both", retry: true };
  const [one, other] = [meet(options), meet({ ...options, asynchronous: true })];
  expect([other.client, other.server]).toEqual([one.client, one.server]);
  expect(other.pair.client.output).toEqual(one.pair.client.output);
  expect(other.pair.server.output).toEqual(one.pair.server.output);
});

describe("the offer of a client", () => {
  const helloOf = (psks: readonly ExternalPsk[], options: Partial<ClientOptions> = {}) => {
    const config = clientConfig({ provider: node, now, verifier: trusting, psks, ...options });
    return decodeClientHello(Uint8Array.from(new Connector(config, "localhost").start().output.subarray(5)));
  };

  test("has each imported key once for each hash of its suites, each raw one once, with age 0 and a key exchange", () => {
    const { psks, pskModes } = helloOf([imported("one"), raw("two", "sha384")]);
    const importedIdentity = (name: string, kdf: number): string => {
      const size = Buffer.alloc(2);
      size.writeUInt16BE(name.length);
      return Buffer.concat([size, text(name), Uint8Array.of(0, 0, 3, 4, 0, kdf)]).toString("hex");
    };
    expect(psks?.identities.map(({ identity }) => Buffer.from(identity).toString("hex"))).toEqual([
      importedIdentity("one", 1),
      importedIdentity("one", 2),
      Buffer.from("two").toString("hex"),
    ]);
    expect(psks?.identities.map(({ obfuscatedTicketAge }) => obfuscatedTicketAge)).toEqual([0, 0, 0]);
    expect(psks?.binders.map(({ length }) => length)).toEqual([32, 48, 48]);
    expect(pskModes).toEqual([1]);
  });

  test("has the binders of RFC 9258 and RFC 9846, as node:crypto computes them", () => {
    const context = { client: text("boiler"), server: text("house") };
    const hello = helloOf([importedPsk({ identity: text("line 7"), key: key("line"), context, hash: "sha384" }), raw("raw")]);
    const label = (hash: string, secret: Uint8Array, name: string, about: Uint8Array, length: number): Buffer => {
      const said = Buffer.concat([
        Uint8Array.of(0, length, 6 + name.length),
        text(`tls13 ${name}`),
        Uint8Array.of(about.length),
        about,
      ]);
      const blocks = createHmac(hash, secret).update(said).update(Uint8Array.of(1)).digest();
      return blocks.subarray(0, length);
    };
    const digest = (hash: string, data: Uint8Array): Buffer => createHash(hash).update(data).digest();
    const [first, second, third] = hello.psks?.identities ?? [];
    expect(
      Buffer.from(first?.identity ?? [])
        .subarray(2, 8)
        .toString(),
    ).toBe("line 7");
    // opaque client<0..2^8-1>, opaque server<0..2^8-1>.
    expect(
      Buffer.from(first?.identity ?? [])
        .subarray(8)
        .toString("latin1"),
    ).toBe("\0\r\x06boiler\x05house\x03\x04\0\x01");
    const whole = hello.raw.length - (2 + 33 + 49 + 33);
    const bind = (hash: string, psk: Uint8Array, name: string): Buffer => {
      const length = hash === "sha256" ? 32 : 48;
      const early = createHmac(hash, Buffer.alloc(length)).update(psk).digest();
      const finished = label(
        hash,
        label(hash, early, name, digest(hash, new Uint8Array(0)), length),
        "finished",
        new Uint8Array(0),
        length,
      );
      return createHmac(hash, finished)
        .update(digest(hash, hello.raw.subarray(0, whole)))
        .digest();
    };
    const extracted = createHmac("sha384", Buffer.alloc(48)).update(key("line")).digest();
    const derive = (identity: Uint8Array, length: number): Buffer =>
      label("sha384", extracted, "derived psk", digest("sha384", identity), length);
    expect(hello.psks?.binders.map((binder) => Buffer.from(binder).toString("hex"))).toEqual([
      bind("sha256", derive(first?.identity ?? new Uint8Array(0), 32), "imp binder").toString("hex"),
      bind("sha384", derive(second?.identity ?? new Uint8Array(0), 48), "imp binder").toString("hex"),
      bind("sha256", key("raw"), "ext binder").toString("hex"),
    ]);
    expect(identityOf(third?.identity)).toBe("raw");
  });

  test("asks for no certificate if none would be taken", () => {
    const config = clientConfig({ provider: node, now, psks: [imported("one")] });
    const hello = decodeClientHello(Uint8Array.from(new Connector(config, "localhost").start().output.subarray(5)));
    expect(hello.signatureSchemes ?? hello.certificateSignatureSchemes).toBeUndefined();
    expect(hello.versions.map(({ id }) => id)).toEqual([0x0304]);
  });

  test("speaks only suites that a key goes with, if there is nothing but keys", () => {
    const suites = (psk: ExternalPsk): readonly string[] =>
      clientSettings(clientConfig({ provider: node, now, psks: [psk] })).suites.map(({ hash }) => hash);
    expect([...new Set(suites(raw("one", "sha384")))]).toEqual(["sha384"]);
    expect([...new Set(suites(imported("one")))].sort()).toEqual(["sha256", "sha384"]);
    const settings = serverSettings(serverConfig({ provider: node, now, psks: [raw("one", "sha384")] }));
    expect(settings.suites.every(({ hash }) => hash === "sha384")).toBe(true);
  });
});

describe("which key is taken", () => {
  test("the server's suites decide, then its order", () => {
    const psks = {
      client: [raw("far", "sha384"), raw("near"), raw("third")],
      server: [raw("third"), raw("near"), raw("far", "sha384")],
    };
    const taken = (suites: ServerOptions["suites"] & object): unknown => {
      const { pair, server } = meet({ psks, server: { suites } });
      expect(server).toBe("psk");
      return identityOf(pair.server.established.info.psk?.identity);
    };
    expect(taken(["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"])).toBe("third");
    expect(taken(["TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"])).toBe("far");
  });

  test("a suite that a common key goes with is preferred to one that calls for a certificate", () => {
    const server: Partial<ServerOptions> = { suites: ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"] };
    const { pair, server: kind } = meet({ psks: [raw("far", "sha384")], server });
    expect([kind, pair.server.established.info.suite]).toEqual(["psk", "TLS_AES_256_GCM_SHA384"]);
  });

  test("one that nobody knows makes a handshake by certificate", () => {
    const psks = { client: [imported("of another")], server: [imported("ours")] };
    expect(meet({ psks })).toMatchObject({ client: "full", server: "full" });
    expect(meet({ psks, retry: true })).toMatchObject({ client: "full-after-retry", server: "full-after-retry" });
    expect(meet({ psks: { client: [imported("of another"), imported("ours")], server: [imported("ours")] } })).toMatchObject({
      server: "psk",
    });
  });

  test("a server of TLS 1.2 shows its certificate, as if there were no key", () => {
    const { pair, client } = meet({ version: "tls1.2", psks: { client: [imported("mine")], server: [] } });
    expect([client, pair.client.established.info.version]).toEqual(["full", "tls1.2"]);
    expect(meet({ version: "tls1.2", psks: { client: [imported("mine")], server: [] }, pskOnly: "client" }).client).toBe(
      "alert-received: none",
    );
  });

  test("a client that takes no certificate asks for none, and the server has nothing to show", () => {
    const { client, server } = meet({ psks: { client: [imported("mine")], server: [] }, pskOnly: "client" });
    expect([client, server]).toEqual(["alert-received: none", "no-agreement: missing_extension"]);
  });

  test.each<[string, Partial<ServerHelloScript>, string]>([
    ["a certificate after all", {}, "missing_extension"],
    ["TLS 1.2 after all", { suite: 0xc02b, extensions: undefined }, "protocol_version"],
  ])("a server that means %s is refused by a client that takes no certificate", (_, change, alert) => {
    const config = clientConfig({ provider: node, now, psks: [imported("mine")], alpn: ["h2"] });
    const server = new ScriptedServer({ configured: config }).to("WAIT_SH");
    server.say(server.serverHello(change));
    expect(server.machine.failure?.alert).toMatchObject({ kind: "alert", description: alert });
  });

  test("a context, an importing hash or a key of its own makes another key", () => {
    const options = { identity: text("one"), key: key("one") };
    const plain = importedPsk(options);
    for (const other of [importedPsk({ ...options, context: text("there") }), dangerousRawPsk({ ...options, hash: "sha256" })]) {
      expect(meet({ psks: { client: [plain], server: [other] } }).server).toBe("full");
    }
    for (const other of [importedPsk({ ...options, hash: "sha384" }), importedPsk({ ...options, key: key("another") })]) {
      expect(meet({ psks: { client: [plain], server: [other] } }).server).toBe("bad-binder: decrypt_error");
    }
  });
});

describe("behind HelloRetryRequest", () => {
  test("binders are made anew", () => {
    for (const psk of [imported("one"), raw("one"), raw("one", "sha384")]) {
      expect(meet({ psks: [psk], retry: true, pskOnly: "both" })).toMatchObject({
        client: "psk-after-retry",
        server: "psk-after-retry",
      });
      expect(meet({ psks: [psk], retry: true })).toMatchObject({ client: "psk-after-retry", server: "psk-after-retry" });
    }
  });

  test("what does not go with the suite is left out", () => {
    const near = [imported("one"), raw("near")];
    const { pair, server } = meet({
      psks: { client: [raw("far", "sha384"), ...near], server: near },
      retry: true,
      server: { suites: ["TLS_AES_128_GCM_SHA256"] },
    });
    expect(server).toBe("psk-after-retry");
    expect(identityOf(pair.server.established.info.psk?.identity)).toBe("one");
    const { output } = pair.client;
    // The first hello is a record; a change_cipher_spec stands before the second.
    const end = 5 + (output[3] ?? 0) * 256 + (output[4] ?? 0);
    const hellos = [output.subarray(5, end), output.subarray(end + 6 + 5)];
    const [first, second] = hellos.map((hello) => {
      const length = 4 + (hello[2] ?? 0) * 256 + (hello[3] ?? 0);
      return decodeClientHello(Uint8Array.from(hello.subarray(0, length)));
    });
    expect(first?.psks?.binders.map(({ length }) => length)).toEqual([48, 32, 48, 32]);
    expect(second?.psks?.binders.map(({ length }) => length)).toEqual([32, 32]);
  });
});

describe("nobody learns who is known", () => {
  const server: PairOptions = { pskOnly: "server" };
  const outcome = (client: readonly ExternalPsk[], options: PairOptions = {}) => {
    const { pair, server: kind } = meet({ ...server, ...options, psks: { client, server: [imported("ours"), raw("raw")] } });
    return { kind, bytes: pair.server.outputs.map((bytes) => bytes.length) };
  };

  test.each<[string, PairOptions]>([
    ["at once", {}],
    ["behind HelloRetryRequest", { retry: true }],
    ["where sessions are taken too", { server: { sessions: ticketKeys({ random: seededRandom("tickets"), now }) } }],
  ])("a server without certificates answers an identity of nobody's as it answers a wrong binder, %s", (_, options) => {
    const unknown = outcome([imported("nobody")], options);
    const wrong = outcome([imported("ours", "another key")], options);
    expect(unknown.kind).toBe("unknown-psk: decrypt_error");
    expect(wrong.kind).toBe("bad-binder: decrypt_error");
    expect(wrong.bytes).toEqual(unknown.bytes);
    expect(outcome([raw("raw", "sha256", "another key")], options).bytes).toEqual(outcome([raw("war", "sha256")], options).bytes);
  });

  test("both take a binder's work", () => {
    const counted = (client: readonly ExternalPsk[]): number => {
      let macs = 0;
      const counting = {
        ...node,
        hashes: node.hashes.map((hash) => ({
          ...hash,
          create: () => hash.create(),
          hmac: (...args: Parameters<typeof hash.hmac>) => (macs++, hash.hmac(...args)),
        })),
      };
      const configs = makeConfigs({ ...server, psks: { client, server: [imported("ours")] }, server: { provider: counting } });
      const pair = { client: makeClient(configs.client), server: makeServer(configs.server) };
      macs = 0;
      converse(pair);
      return macs;
    };
    expect(counted([imported("nobody")])).toBe(counted([imported("ours", "another key")]));
    expect(counted([imported("nobody")])).toBeGreaterThan(0);
  });

  test("a hello without any key, or without a key exchange, is refused by its own name", () => {
    expect(meet({ pskOnly: "server", psks: { client: [], server: [imported("ours")] } }).server).toBe(
      "no-agreement: handshake_failure",
    );
  });
});

describe("a node that is led to itself (Selfie, RFC 9257 §4.1)", () => {
  const shared = { identity: text("the group's"), key: key("group") };
  const from = (client: string, server: string): ExternalPsk =>
    importedPsk({ ...shared, context: { client: text(client), server: text(server) } });
  const [toBob, toAlice] = [from("alice", "bob"), from("bob", "alice")];

  test.each<PairOptions["pskOnly"]>(["both", undefined])("fails, or finds a certificate, since it is not both: %s", (pskOnly) => {
    // Alice calls Bob, and her own words come back to the server that she is too.
    const reflected = meet({ psks: { client: [toBob], server: [toAlice] }, ...(pskOnly && { pskOnly }) });
    expect(reflected.server).toBe(pskOnly === undefined ? "full" : "unknown-psk: decrypt_error");
    // Bob, as a server, expects just that.
    expect(meet({ psks: { client: [toBob], server: [toBob] }, ...(pskOnly && { pskOnly }) }).server).toBe("psk");
  });
});

describe("sessions behind a handshake by key", () => {
  interface Acquaintance {
    readonly server: Partial<ServerOptions>;
    readonly client: Partial<ClientOptions>;
  }
  const acquaintance = (): Acquaintance => ({
    server: { sessions: ticketKeys({ random: seededRandom("tickets"), now }) },
    client: { sessions: memoryClientSessions() },
  });
  let count = 0;
  const again = (one: Acquaintance, options: PairOptions): ReturnType<typeof meet> =>
    meet({
      seed: `meeting ${count++}`,
      ...options,
      server: { ...one.server, ...options.server },
      client: { ...one.client, ...options.client },
    });

  test.each<PairOptions["pskOnly"]>(["both", undefined])("are taken up, with its identity and no certificate: %s", (only) => {
    for (const psk of [imported("one"), raw("one", "sha384")]) {
      const options: PairOptions = { psks: [psk], ...(only && { pskOnly: only }) };
      const one = acquaintance();
      expect(again(one, options).server).toBe("psk");
      for (let time = 0; time < 3; time++) {
        const { pair, client, server } = again(one, options);
        expect([client, server]).toEqual(["resumed", "resumed"]);
        for (const side of [pair.client, pair.server]) {
          expect(identityOf(side.established.info.psk?.identity)).toBe("one");
          expect(side.established.info.peer).toBeUndefined();
        }
      }
      expect(again(one, { ...options, retry: true }).server).toBe("resumed-after-retry");
    }
  });

  test("end with the key: one that was taken out of a config, or changed, takes them along", () => {
    const one = acquaintance();
    const psks = [imported("one"), imported("two")];
    again(one, { psks });
    expect(again(one, { psks: { client: psks, server: [imported("two")] } }).server).toBe("psk");
    // The client has a session of "two" now, and one of "one".
    again(one, { psks });
    expect(
      again(one, { psks: { client: psks, server: [imported("one", "another key"), imported("two", "yet another")] } }).server,
    ).toBe("bad-binder: decrypt_error");
    const [mine] = psks;
    again(one, { psks: mine ? [mine] : [] });
    expect(again(one, { psks: { client: [imported("one", "new")], server: [imported("one", "new")] } })).toMatchObject({
      client: "psk",
      server: "psk",
    });
  });

  test("of strangers do not open the door to a server that takes keys alone", () => {
    const one = acquaintance();
    expect(again(one, {}).server).toBe("full");
    const { server, pair } = again(one, { psks: { client: [], server: [imported("one")] }, pskOnly: "server" });
    expect(pair.client.stages.length).toBeGreaterThan(0);
    expect(server).toBe("unknown-psk: decrypt_error");
  });

  test("are not offered to servers that are to be known by a certificate, when the key is gone", () => {
    const one = acquaintance();
    again(one, { psks: [imported("one")] });
    expect(again(one, { psks: { client: [], server: [imported("one")] } }).client).toBe("full");
  });

  test("a ticket is never looked for among the keys, nor a key among the tickets", () => {
    const asked: string[] = [];
    const sessions = { find: (id: Uint8Array) => void asked.push(Buffer.from(id).toString()), put: () => {} };
    expect(meet({ psks: { client: [raw("unknown"), raw("known")], server: [raw("known")] }, server: { sessions } }).server).toBe(
      "psk",
    );
    expect(asked).toEqual(["unknown"]);
    asked.length = 0;
    expect(meet({ psks: [raw("known")], server: { sessions } }).server).toBe("psk");
    expect(asked).toEqual([]);
  });
});

describe("client certificates beside keys", () => {
  const verifier = { ...trusting, verify: dangerousAssertVerified };
  test("are asked of clients without a key alone", () => {
    const options: PairOptions = {
      server: { clientAuthentication: { mode: "optional", verifier } },
      client: { credentials: [seededCredential("a client", ["client"])] },
    };
    const { pair } = meet({ ...options, psks: [imported("one")] });
    expect(pair.server.established.info).toMatchObject({ handshakeKind: "psk", peer: undefined });
    expect(meet(options).pair.server.established.info.peer).toBeDefined();
  });
});

describe("a config", () => {
  const problemsOf = (make: () => unknown): readonly string[] => {
    try {
      make();
    } catch (thrown) {
      if (thrown instanceof ConfigError) return thrown.problems.map(({ kind, path }) => `${kind} ${path}`);
      throw thrown;
    }
    return [];
  };
  const credentials: ServerOptions["credentials"] = [seededCredential("server")];
  const server = (options: object) =>
    problemsOf(() => serverConfig({ provider: node, now, credentials, ...options } as ServerOptions));
  const client = (options: object) =>
    problemsOf(() => clientConfig({ provider: node, now, verifier: trusting, ...options } as ClientOptions));

  test("a key under 16 bytes, or wiped, is refused where it is made", () => {
    for (const make of [
      importedPsk,
      (options: Parameters<typeof importedPsk>[0]) =>
        dangerousRawPsk({ hash: "sha256", identity: options.identity, key: options.key }),
    ]) {
      expect(problemsOf(() => make({ identity: text("a"), key: key("k").subarray(0, 15) }))).toEqual(["weak-key key"]);
      expect(problemsOf(() => make({ identity: text("a"), key: new Uint8Array(16) }))).toEqual(["weak-key key"]);
      expect(problemsOf(() => make({ identity: text("a"), key: key("k").subarray(0, 16) }))).toEqual([]);
      expect(problemsOf(() => make({ identity: new Uint8Array(0), key: key("k") }))).toEqual(["wrong-length identity"]);
      expect(problemsOf(() => make({ identity: new Uint8Array(1025), key: key("k") }))).toEqual(["wrong-length identity"]);
      expect(problemsOf(() => make({ identity: "a" as never, key: undefined as never }))).toEqual([
        "wrong-type identity",
        "wrong-type key",
      ]);
    }
    const one = { identity: text("a"), key: key("k") };
    expect(problemsOf(() => importedPsk({ ...one, context: new Uint8Array(1025) }))).toEqual(["wrong-length context"]);
    expect(
      problemsOf(() => importedPsk({ ...one, context: { client: new Uint8Array(0), server: new Uint8Array(256) } })),
    ).toEqual(["wrong-length context.client", "wrong-length context.server"]);
    expect(problemsOf(() => importedPsk({ ...one, context: "here" as never }))).toEqual([
      "wrong-type context.client",
      "wrong-type context.server",
    ]);
    expect(problemsOf(() => dangerousRawPsk({ ...one, hash: undefined as never }))).toEqual(["unknown-name hash"]);
  });

  test.each<[string, object, readonly string[]]>([
    ["no list", { psks: imported("a") }, ["wrong-type psks"]],
    [
      "what was not made here",
      { psks: [{ identity: text("a"), key: key("a"), hash: "sha256", kind: "raw" }] },
      ["wrong-type psks[0]"],
    ],
    ["nothing", { psks: [undefined] }, ["wrong-type psks[0]"]],
    ["two of one identity", { psks: [imported("a"), raw("a"), imported("a", "b")] }, ["duplicate psks[2]"]],
    [
      "a hash that no suite has",
      { psks: [raw("a", "sha384")], suites: ["TLS_AES_128_GCM_SHA256"] },
      ["no-suite-for-psk psks[0]"],
    ],
    ["TLS 1.2 alone", { psks: [imported("a")], versions: ["tls1.2"] }, ["other-version psks"]],
  ])("with %s is refused", (_, options, problems) => {
    expect(server(options)).toEqual(problems);
    expect(client(options)).toEqual(problems);
  });

  test("of keys alone has no TLS 1.2, no suite of another hash, and nothing to do with certificates", () => {
    const psks = [raw("a")];
    expect(server({ credentials: [], psks: [] })).toEqual(["empty-list credentials"]);
    expect(server({ credentials: undefined })).toEqual(["missing-option credentials"]);
    for (const none of [[], undefined]) expect(server({ credentials: none, psks })).toEqual([]);
    expect(server({ credentials: [], psks, requiresServerName: true })).toEqual([]);
    expect(client({ verifier: undefined })).toEqual(["missing-option verifier"]);
    expect(client({ verifier: undefined, psks })).toEqual([]);
    const versions = ["tls1.3", "tls1.2"];
    expect(server({ credentials: [], psks, versions })).toEqual(["no-credential-for-version versions"]);
    expect(client({ verifier: undefined, psks, versions })).toEqual(["no-credential-for-version versions"]);
    const suites = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"];
    expect(server({ credentials: [], psks, suites })).toEqual(["no-psk-for-suite suites"]);
    expect(client({ verifier: undefined, psks, credentials })).toEqual(["psk-replaces-certificate credentials"]);
    const clientAuthentication = { mode: "optional", verifier: trusting };
    expect(server({ credentials: [], psks, clientAuthentication })).toEqual(["psk-replaces-certificate clientAuthentication"]);
    expect(server({ psks, clientAuthentication: { ...clientAuthentication, mode: "required" } })).toEqual([
      "psk-replaces-certificate clientAuthentication",
    ]);
    expect(server({ psks, clientAuthentication })).toEqual([]);
  });

  test("offers no more keys than a ClientHello has room for; a server may know any number", () => {
    const many = Array.from({ length: 200 }, (_, at) => imported(`one of many ${at}`));
    expect(client({ psks: many })).toEqual(["too-many-psks psks"]);
    expect(server({ psks: many })).toEqual([]);
  });

  test("shows no key when it is printed", () => {
    const secret = Buffer.from(key("one"));
    const psk = imported("one");
    const config = serverConfig({ provider: node, now, psks: [psk] });
    for (const thing of [psk, config, establishedPair({ psks: [psk] }).both[0].info]) {
      for (const said of [JSON.stringify(thing), Buffer.from(String(thing)).toString(), inspect(thing)]) {
        expect(said).not.toContain(secret.toString("hex"));
        expect(said).not.toContain([...secret].slice(0, 8).join(","));
      }
    }
  });
});
