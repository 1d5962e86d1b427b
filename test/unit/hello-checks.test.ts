// Checks of hellos, and of what proves a key, whose row of the alert table allows more than one outcome, or does not try what only one of our configs can meet.
import { describe, expect, test } from "vitest";
import {
  type ClientOptions,
  type CryptoProvider,
  dangerousAssertVerified,
  dangerousRawPsk,
  type ServerOptions,
  type SyncVerifier,
} from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { decodeClientHello } from "../../packages/core/src/wire/client-hello.ts";
import { external, resumingClient, ticketsOf } from "../alerts/sessions.ts";
import { type Extension, extension, type Octets, repeat, text, u16, v16, v8 } from "../support/octets.ts";
import {
  extensions,
  groups,
  identity,
  ScriptedClient,
  type ScriptedClientOptions,
  ScriptedServer,
} from "../support/scripted-peer.ts";
import { extensionsTls12, ScriptedClientTls12, ScriptedServerTls12 } from "../support/scripted-tls12.ts";

const illegal = (context: object): object => ({
  error: { kind: "illegal-parameter", context },
  alert: { description: "illegal_parameter" },
});

describe("the hello behind a HelloRetryRequest", () => {
  /** Says it with this change. */
  const again = (change: (client: ScriptedClient) => unknown, options: ScriptedClientOptions = {}): ScriptedClient => {
    const client = new ScriptedClient({ shares: [], ...options }).to("RETRIED");
    client.extend(client.keyShare(client.asked.group ?? groups.x25519));
    const { cookie } = client.asked;
    if (cookie !== undefined) client.extend(extension(extensions.cookie, v16(cookie)));
    change(client);
    return client.say(client.encodedHello());
  };
  const withCookie: ScriptedClientOptions = { config: { retryCookie: true } };

  test.each([{}, withCookie])("is taken as it was, with the share that was asked for, and the cookie: %o", (options) => {
    expect(again(() => {}, options).machine.failure).toBeUndefined();
  });

  test("has no extension more than the first, known or not (RFC 9846 §4.2.2)", () => {
    for (const added of [extension(0xfa5a), extension(58, [1, 1]), extension(extensions.postHandshakeAuth)]) {
      expect(again((client) => client.extend(added)).machine.failure).toMatchObject(illegal({ field: "extensions" }));
    }
  });

  test("says the cookie that it was given, and none where none was given (§4.3.2)", () => {
    const other = (client: ScriptedClient): unknown => client.extend(extension(extensions.cookie, v16([7])));
    for (const [options, expected] of [
      [withCookie, "that of HelloRetryRequest"],
      [{}, "none"],
    ] as const) {
      expect(again(other, options).machine.failure).toMatchObject(illegal({ field: "cookie", expected, received: "07" }));
    }
  });

  test("has its share under the name of the group that was asked for, whatever its length", () => {
    const client = again((client) => {
      const { group = groups.x25519 } = client.asked;
      const { body } = client.keyShare(group);
      const other = group === groups.x25519 ? groups.secp256r1 : groups.x25519;
      client.extend(extension(extensions.keyShare, v16(u16(other), body.subarray(4))));
    });
    const received = String(groups.secp256r1);
    expect(client.machine.failure).toMatchObject(illegal({ field: "key_share", expected: "one share of x25519", received }));
  });

  test("has one share, no more and no less", () => {
    const shares = (...named: readonly number[]) => again((client) => client.extend(client.keyShare(...named))).machine.failure;
    expect(shares()).toMatchObject(illegal({ expected: "one share of x25519", received: "none" }));
    const both = [groups.x25519, groups.secp256r1];
    expect(shares(...both)).toMatchObject(illegal({ expected: "one share of x25519", received: both.join(", ") }));
  });

  describe("offers no PSK but those of the first, in its order (§4.2.2)", () => {
    const [one, two] = ticketsOf();
    if (one === undefined || two === undefined) throw new Error("a server gives two tickets");
    const other = { ...one, ticket: text("a ticket of somebody else's") };
    const offering = (first: readonly (typeof one)[], second: readonly (typeof one)[]): ScriptedClient => {
      const client = resumingClient({ shares: [], sessions: first })
        .to("RETRIED")
        .offer(...second);
      return client.say(client.secondHello());
    };

    test.each([
      ["all", [one, two], 0],
      ["the first alone", [one], 0],
      ["the second alone", [two], 0],
      ["none", [], undefined],
    ])("%s: taken", (_, second, selected) => {
      const client = offering([one, two], second);
      expect(client.machine.failure).toBeUndefined();
      expect(client.to("CONNECTED").selected).toBe(selected);
    });

    test.each([
      ["the other way round", [one, two], [two, one]],
      ["one of them twice", [one, two], [one, one]],
      ["the last of them twice", [one, two], [two, two]],
      ["another one behind them", [one, two], [one, two, other]],
      ["another one before them", [one, two], [other, one, two]],
      ["another one in the place of one", [one, two], [one, other]],
      ["one where none was", [], [one]],
    ])("%s: refused", (_, first, second) => {
      expect(offering(first, second).machine.failure).toMatchObject(illegal({ field: "pre_shared_key" }));
    });

    test("nor does it take back the external one that was taken, where the server has certificates as well", () => {
      const psks = [dangerousRawPsk({ identity: external.ticket, key: external.secret, hash: "sha256" })];
      const nobodys = { ...external, ticket: text("nobody's") };
      const client = new ScriptedClient({ config: { psks }, shares: [], sessions: [external, nobodys] }).to("RETRIED");
      client.offer(nobodys).say(client.secondHello());
      const expected = "the identity of the first ClientHello that was taken";
      expect(client.machine.failure).toMatchObject(illegal({ field: "pre_shared_key", expected }));
    });
  });
});

describe("a first hello of TLS 1.3", () => {
  const greet = (...added: readonly Extension[]): ScriptedClient => {
    const client = new ScriptedClient().extend(...added);
    return client.say(client.encodedHello());
  };

  test.each([20, 19])("says another certificate type than X.509 in a list, or has no list: %d (RFC 7250 §3, §4.1)", (type) => {
    const field = type === 20 ? "server_certificate_type" : "client_certificate_type";
    expect(greet(extension(type, v8())).machine.failure).toMatchObject(illegal({ field, received: "none" }));
    expect(greet(extension(type, v8([0]))).machine.failure).toMatchObject(illegal({ field, received: "X.509 alone" }));
    expect(greet(extension(type, v8([0, 2]))).machine.failure).toBeUndefined();
  });
});

describe("no group of a provider is given a share that has not the group's length (RFC 9846 §4.3.8.2)", () => {
  /** What groups were given. */
  const watched = (given: number[]): CryptoProvider => ({
    ...node,
    groups: node.groups.map((group) => {
      if ("startAsync" in group) return group;
      return {
        ...group,
        start: () => group.start(),
        complete: (key, share) => {
          given.push(share.length);
          return group.complete(key, share);
        },
        respond: (share) => {
          given.push(share.length);
          return group.respond(share);
        },
      };
    }),
  });
  const share = (group: number, bytes: Octets): Octets => [...u16(group), ...v16(bytes)];

  test.each([0, 31, 33, 65])("a server, %d bytes for x25519", (length) => {
    const given: number[] = [];
    for (const shares of [[groups.x25519], []]) {
      const client = new ScriptedClient({ config: { provider: watched(given) }, shares });
      if (shares.length === 0) client.to("RETRIED");
      client.extend(extension(extensions.keyShare, v16(share(groups.x25519, repeat(length, 9)))));
      client.say(client.encodedHello());
      const context = { field: "key_share", expected: "32 bytes for x25519", received: String(length) };
      // RFC 9846 §4.3.8: key_exchange<1..2^16-1>.
      const due = length === 0 ? { error: { kind: "malformed-message" } } : illegal(context);
      expect(client.machine.failure).toMatchObject(due);
    }
    expect(given).toEqual([]);
  });

  test.each([31, 33, 65])("a client, %d bytes for x25519", (length) => {
    const given: number[] = [];
    const server = new ScriptedServer({ config: { provider: watched(given), groups: ["x25519"] } }).to("WAIT_SH");
    const keyShare = extension(extensions.keyShare, share(groups.x25519, repeat(length, 9)));
    server.say(server.serverHello({ extensions: [extension(extensions.supportedVersions, u16(0x0304)), keyShare] }));
    const context = { field: "key_share", expected: "32 bytes for x25519", received: String(length) };
    expect(server.machine.failure).toMatchObject(illegal(context));
    expect(given).toEqual([]);
  });
});

describe("a ServerHello of TLS 1.3", () => {
  const both = {
    versions: ["tls1.3", "tls1.2"],
    suites: ["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
  } as const;
  const waiting = (config: Partial<ClientOptions> = {}): ScriptedServer => new ScriptedServer({ config }).to("WAIT_SH");
  const hello = (suite: number, config: Partial<ClientOptions>): ScriptedServer => {
    const server = waiting(config);
    return server.say(server.serverHello({ suite }));
  };

  test("takes no suite of TLS 1.2, though it was offered (RFC 9846 §4.2.3)", () => {
    expect(hello(0xc02b, both).machine.failure).toMatchObject(illegal({ field: "cipher_suite" }));
    expect(hello(0x1301, both).machine.failure).toBeUndefined();
  });

  test("takes no group that was not offered, or whose share was not sent", () => {
    const config = { groups: ["x25519", "secp256r1"], keyShares: ["x25519"] } as const;
    for (const group of [groups.secp256r1, groups.secp384r1, 0x0a0a]) {
      const server = waiting(config);
      const keyShare = extension(extensions.keyShare, u16(group), v16(repeat(65, 4)));
      server.say(server.serverHello({ extensions: [extension(extensions.supportedVersions, u16(0x0304)), keyShare] }));
      const expected = "a group whose share was sent";
      expect(server.machine.failure).toMatchObject(illegal({ field: "key_share", expected }));
    }
  });

  test("a HelloRetryRequest asks for a group that was offered, and for no share that was sent (§4.3.8)", () => {
    const config = { groups: ["x25519", "secp256r1"], keyShares: ["x25519"] } as const;
    const asked = (group: number) => {
      const server = waiting(config);
      const answers = [extension(extensions.supportedVersions, u16(0x0304)), extension(extensions.keyShare, u16(group))];
      return server.retry(server.retryRequest({ extensions: answers })).machine.failure;
    };
    expect(asked(groups.secp256r1)).toBeUndefined();
    expect(asked(groups.secp384r1)).toMatchObject(illegal({ expected: "a group that was offered" }));
    expect(asked(0x0a0a)).toMatchObject(illegal({ expected: "a group that was offered" }));
    expect(asked(groups.x25519)).toMatchObject(illegal({ expected: "a group without a share" }));
  });

  test("a HelloRetryRequest with a cookie alone is answered with the same shares (§4.2.4)", () => {
    const server = waiting();
    const before = [...server.shares.keys()];
    const cookie = extension(extensions.cookie, v16([7]));
    server.retry(server.retryRequest({ extensions: [extension(extensions.supportedVersions, u16(0x0304)), cookie] }));
    expect(server.machine.failure).toBeUndefined();
    expect([...server.shares.keys()]).toEqual(before);
    server.skipTo("WAIT_SH_AGAIN").to("CONNECTED").proceed();
  });
});

describe("what a server answers in another message than its own is told by its name", () => {
  test("or by its number, where it has none (RFC 9846 §4.3)", () => {
    const grease = new ScriptedServer({ config: { grease: true } });
    const offered = decodeClientHello(Uint8Array.from(grease.heard[0]?.bytes ?? []));
    const numbers = offered.extensions.map(({ type }) => type.id).filter((type) => (type & 0x0f0f) === 0x0a0a);
    const answered = (type: number, body: Octets, server: ScriptedServer): unknown => {
      server.say(
        server.serverHello({ extensions: [extension(extensions.supportedVersions, u16(0x0304)), extension(type, body)] }),
      );
      return server.machine.failure;
    };
    const field = "extensions";
    expect(answered(extensions.alpn, v16(v8(text("h2"))), new ScriptedServer().to("WAIT_SH"))).toMatchObject(
      illegal({ field, received: "application_layer_protocol_negotiation" }),
    );
    expect(answered(numbers[0] ?? 0, [], grease.to("WAIT_SH"))).toMatchObject(illegal({ field, received: String(numbers[0]) }));
  });
});

describe("which scheme proves an ECDSA key", () => {
  // A key of P-256 that signs with SHA-384.
  const error = { kind: "illegal-parameter", context: { message: "certificate_verify", field: "algorithm" } };
  const schemes = ["ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384"] as const;
  const verifier: SyncVerifier = { schemes, label: "trusts", verify: dangerousAssertVerified };
  const asking = { clientAuthentication: { mode: "required", verifier } } as const;

  test("in TLS 1.3 its curve says which alone (RFC 9846 §4.3.3)", () => {
    const server = new ScriptedServer({ config: { verifier } }).to("WAIT_CV");
    server.say(server.certificateVerify(0x0503));
    const client = new ScriptedClient({ config: asking, shows: identity }).to("WAIT_CV");
    client.say(client.certificateVerify(0x0503));
    for (const { machine } of [server, client]) {
      expect(machine.failure?.error).toMatchObject({ ...error, section: "RFC 9846 §4.5.2" });
    }
  });

  test("in TLS 1.2 any that was offered (RFC 9846 §4.3.3), and no other (RFC 5246 §7.4.8)", () => {
    const server = new ScriptedServerTls12({ config: { verifier } }).to("WAIT_SKE");
    server
      .say(server.serverKeyExchange({ scheme: 0x0503, hash: "sha384" }))
      .skipTo("WAIT_SHD")
      .to("CONNECTED")
      .proceed();
    const proven = (scheme: number, hash: string): ScriptedClientTls12 => {
      const client = new ScriptedClientTls12(asking, identity).to("WAIT_CV");
      return client.say(client.certificateVerify(scheme, hash)).skipTo("WAIT_CCS");
    };
    proven(0x0503, "sha384").to("CONNECTED").proceed();
    expect(proven(0x0203, "sha1").machine.failure?.error).toMatchObject({ ...error, section: "RFC 5246 §7.4.8" });
  });
});

describe("a first hello of TLS 1.2", () => {
  const greet = (change: (client: ScriptedClientTls12) => unknown, config: Partial<ServerOptions> = {}) => {
    const client = new ScriptedClientTls12(config).to("START");
    change(client);
    return client.greet().machine.failure;
  };

  test("speaks of no earlier handshake (RFC 5746 §3.6)", () => {
    const info = (...bytes: readonly number[]) =>
      greet((client) => client.extend(extension(extensions.renegotiationInfo, v8(bytes))));
    expect(info(...repeat(12, 1))).toMatchObject({
      error: { kind: "not-a-first-handshake" },
      alert: { description: "handshake_failure" },
    });
    expect(info()).toBeUndefined();
    expect(greet((client) => client.leaveOut(extensions.renegotiationInfo))).toBeUndefined();
  });

  test("has extended_master_secret where the config requires it, and there alone (RFC 7627 §5.2)", () => {
    const without = (client: ScriptedClientTls12): unknown => client.leaveOut(extensionsTls12.extendedMasterSecret);
    expect(greet(without, { requireExtendedMasterSecret: true })).toMatchObject({
      error: { kind: "extended-master-secret-required", context: { by: "config" } },
      alert: { description: "handshake_failure" },
    });
    expect(greet(without)).toBeUndefined();
    expect(greet(() => {}, { requireExtendedMasterSecret: true })).toBeUndefined();
  });

  test("takes uncompressed points, if it speaks of curves and of points (RFC 8422 §5.1.2)", () => {
    const points =
      (...formats: readonly number[]) =>
      (client: ScriptedClientTls12): ScriptedClientTls12 =>
        client.extend(extension(extensionsTls12.pointFormats, v8(formats)));
    expect(greet(points(1, 2))).toMatchObject(illegal({ field: "ec_point_format_list", received: "1, 2" }));
    expect(greet(points(1, 0))).toBeUndefined();
    expect(greet((client) => client.leaveOut(extensionsTls12.pointFormats))).toBeUndefined();
    const config = { assumeGroups: ["x25519"] } as const;
    expect(greet((client) => points(1)(client).leaveOut(extensions.supportedGroups), config)).toBeUndefined();
  });
});
