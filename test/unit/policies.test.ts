// Whose preference counts, and to whom a certificate is shown: decided by the hello and the config alone.
import { describe, expect, test } from "vitest";
import {
  type CipherSuiteName,
  type Credential,
  type GroupPolicy,
  negotiate,
  type NamedGroup,
  serverConfig,
  type ServerOptions,
  type SuitePolicy,
} from "@sallyport/core";
import { offer } from "../support/client-hello.ts";
import { fakeCredential } from "../support/fake-credential.ts";
import { fakeProvider } from "../support/fake-provider.ts";
import { converse, makePair, type PairOptions } from "../support/pair.ts";
import { seededCredential, trusting } from "../support/seeded.ts";
import { serverSettings } from "../support/settings.ts";

const decide = (options: Partial<ServerOptions>, said: Parameters<typeof offer>[0] = {}) =>
  negotiate(
    offer(said),
    serverConfig({ provider: fakeProvider(), now: () => 1, credentials: [fakeCredential("P-256")], ...options }),
  );
const agreed = (options: Partial<ServerOptions>, said: Parameters<typeof offer>[0] = {}) => {
  const negotiation = decide(options, said);
  if (negotiation.kind === "refused") throw new Error(negotiation.reasons.map(({ kind }) => kind).join());
  return negotiation;
};
const reasonsOf = (options: Partial<ServerOptions>, said: Parameters<typeof offer>[0] = {}): readonly string[] => {
  const negotiation = decide(options, said);
  return negotiation.kind === "agreed" ? [] : [negotiation.alert, ...negotiation.reasons.map(({ kind }) => kind)];
};

describe("suiteOrder", () => {
  const suites: readonly CipherSuiteName[] = [
    "TLS_AES_256_GCM_SHA384",
    "TLS_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  ];

  test.each([
    ["tls1.3", 0x0304, "TLS_"],
    ["tls1.2", 0x0303, "TLS_ECDHE_ECDSA_WITH_"],
  ] as const)("%s: ours, the client's, or what a function says", (version, id, prefix) => {
    const said = { versions: [id], suites: [0x1301, 0x1302, 0xc02b, 0xc02c] };
    expect(agreed({ suites }, said).suite).toBe(`${prefix}AES_256_GCM_SHA384`);
    expect(agreed({ suites, suiteOrder: "client" }, said).suite).toBe(`${prefix}AES_128_GCM_SHA256`);
    const asked: Parameters<SuitePolicy>[0][] = [];
    const reversed: SuitePolicy = (about) => (asked.push(about), about.common.toReversed());
    expect(agreed({ suites, suiteOrder: reversed }, said).suite).toBe(`${prefix}AES_128_GCM_SHA256`);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      version,
      common: suites.filter((name) => name.includes("ECDHE") === (version === "tls1.2")),
    });
    expect(asked[0]?.clientHello.cipherSuites).toHaveLength(4);
  });

  test("a function that leaves nothing refuses the client, and is told among the other reasons", () => {
    expect(reasonsOf({ suiteOrder: () => [] })).toEqual(["handshake_failure", "refused-by-policy"]);
    expect(reasonsOf({ suiteOrder: () => [], alpn: ["h2"] }, { alpn: ["h3"], schemes: [0x0807] })).toEqual([
      "no_application_protocol",
      "no-common-alpn",
      "refused-by-policy",
      "no-common-scheme",
    ]);
  });

  test("a function is not asked about nothing, and may not name what is not common", () => {
    const never = (): never => {
      throw new Error("asked");
    };
    expect(reasonsOf({ suiteOrder: never }, { suites: [0x1399] })).toEqual(["handshake_failure", "no-common-suite"]);
    expect(() => decide({ suiteOrder: () => ["TLS_CHACHA20_POLY1305_SHA256"] }, { suites: [0x1301] })).toThrow(TypeError);
    expect(() => decide({ suiteOrder: (() => undefined) as never })).toThrow(TypeError);
    expect(() => decide({ suiteOrder: never })).toThrow("asked");
  });
});

describe("groupOrder", () => {
  const groups: readonly NamedGroup[] = ["secp384r1", "x25519", "secp256r1"];
  const said = { groups: [0x001d, 0x0017, 0x0018], shares: [0x0017, 0x001d] };

  test("ours, or the client's, of those that it has a share for", () => {
    expect(agreed({ groups }, said)).toMatchObject({ group: "x25519", needsRetry: false });
    expect(agreed({ groups: ["secp256r1", "x25519"] }, said)).toMatchObject({ group: "secp256r1", needsRetry: false });
    expect(agreed({ groups: ["secp256r1", "x25519"], groupOrder: "client" }, said)).toMatchObject({
      group: "x25519",
      needsRetry: false,
    });
    expect(agreed({ groups }, { ...said, shares: [] })).toMatchObject({ group: "secp384r1", needsRetry: true });
    expect(agreed({ groups, groupOrder: "client" }, { ...said, shares: [] })).toMatchObject({
      group: "x25519",
      needsRetry: true,
    });
    const tls12 = { ...said, versions: [0x0303] };
    expect(agreed({ groups }, tls12).group).toBe("secp384r1");
    expect(agreed({ groups, groupOrder: "client" }, tls12).group).toBe("x25519");
  });

  test("what a function says, though it costs a round trip", () => {
    const asked: Parameters<GroupPolicy>[0][] = [];
    const best: GroupPolicy = (about) => (asked.push(about), about.common[0]);
    expect(agreed({ groups, groupOrder: best }, said)).toMatchObject({ group: "secp384r1", needsRetry: true });
    expect(asked).toEqual([expect.objectContaining({ version: "tls1.3", common: groups, shared: ["x25519", "secp256r1"] })]);
    expect(agreed({ groups, groupOrder: best }, { ...said, versions: [0x0303] })).toMatchObject({
      group: "secp384r1",
      needsRetry: false,
    });
  });

  test("a function that takes none refuses the client; one that names another is its maker's mistake", () => {
    expect(reasonsOf({ groupOrder: () => undefined })).toEqual(["handshake_failure", "refused-by-policy"]);
    expect(reasonsOf({ groupOrder: () => undefined }, { groups: [0x0018], shares: [], versions: [0x0304] })).toEqual([
      "handshake_failure",
      "refused-by-policy",
    ]);
    expect(() => decide({ groupOrder: () => "X25519MLKEM768" })).toThrow(TypeError);
  });

  test("a function is not asked about nothing", () => {
    const never = (): never => {
      throw new Error("asked");
    };
    const strange = { groups: [0x0015], shares: [0x0015] };
    expect(reasonsOf({ groupOrder: never }, strange)).toEqual(["handshake_failure", "no-common-group"]);
    expect(() => decide({ groupOrder: never })).toThrow("asked");
  });

  test("only the two names and functions are orders", () => {
    for (const option of ["suiteOrder", "groupOrder"]) {
      expect(() => decide({ [option]: "mine" })).toThrow(/write server or client/);
    }
  });
});

describe("in a handshake", () => {
  const ends = (options: PairOptions): string => {
    const pair = makePair(options);
    converse(pair);
    const { failure, stage } = pair.server;
    if (failure === undefined)
      return stage.kind === "established"
        ? `${stage.connection.info.suite} ${stage.connection.info.group} ${stage.connection.info.handshakeKind}`
        : stage.kind;
    return `${failure.error.kind}: ${failure.alert.kind === "alert" ? failure.alert.description : "none"}`;
  };
  test("policies decide, HelloRetryRequest included, and are not asked again for the second hello", () => {
    let asked = 0;
    const options: Partial<ServerOptions> = {
      suiteOrder: ({ common }) => (asked++, common.filter((name) => name.includes("CHACHA20"))),
      groupOrder: ({ common }) => (asked++, common.find((name) => name === "secp256r1")),
    };
    expect(ends({ server: options })).toBe("TLS_CHACHA20_POLY1305_SHA256 secp256r1 full-after-retry");
    expect(asked).toBe(2);
  });
  test("a policy that throws is our fault, and the client is told so", () => {
    const thrown = (): never => {
      throw new Error("a policy with a bug");
    };
    expect(ends({ server: { suiteOrder: thrown } })).toBe("local-fault: internal_error");
    expect(ends({ server: { groupOrder: () => "secp521r1" }, client: { groups: ["x25519"] } })).toBe(
      "local-fault: internal_error",
    );
    expect(ends({ server: { groupOrder: () => undefined } })).toBe("no-agreement: handshake_failure");
  });
});

describe("a credential that is only for its issuers", () => {
  const name = (of: string): Uint8Array => new TextEncoder().encode(of);
  const authority = (of: string) => Uint8Array.from(name(of));
  const bound = (of: string, key: Parameters<typeof fakeCredential>[0] = "P-256"): Credential => ({
    ...fakeCredential(key),
    issuers: [name(of)],
    onlyForItsIssuers: true,
  });

  test.each([
    ["tls1.3", 0x0304],
    ["tls1.2", 0x0303],
  ] as const)("%s: is shown to clients that name one of them, and to no other", (_, version) => {
    const credentials: ServerOptions["credentials"] = [bound("private"), fakeCredential("P-256")];
    const shown = (authorities?: readonly ReturnType<typeof authority>[]): unknown => {
      const { credential } = agreed({ credentials }, { versions: [version], ...(authorities && { authorities }) });
      return credential?.onlyForItsIssuers ?? false;
    };
    expect(shown([authority("other"), authority("private")])).toBe(true);
    expect(shown([authority("other")])).toBe(false);
    expect(shown()).toBe(false);
    const alone: Partial<ServerOptions> = { credentials: [bound("private")] };
    expect(reasonsOf(alone, { versions: [version] })).toEqual(["handshake_failure", "no-credential-for-authorities"]);
    expect(reasonsOf(alone, { versions: [version], authorities: [authority("other")] })).toEqual([
      "handshake_failure",
      "no-credential-for-authorities",
    ]);
    expect(reasonsOf(alone, { versions: [version], authorities: [authority("private")] })).toEqual([]);
  });

  test("needs issuers", () => {
    for (const issuers of [undefined, []]) {
      const credential = { ...fakeCredential("P-256"), onlyForItsIssuers: true, ...(issuers && { issuers }) };
      expect(() => decide({ credentials: [credential] })).toThrow(/onlyForItsIssuers: is set, and there are no issuers/);
    }
    expect(() => decide({ credentials: [{ ...bound("x"), onlyForItsIssuers: 1 as never }] })).toThrow(/neither true nor false/);
    const settings = serverSettings(serverConfig({ provider: fakeProvider(), now: () => 1, credentials: [bound("x")] }));
    expect(settings.credentials[0]?.onlyForItsIssuers).toBe(true);
  });

  test.each(["tls1.3", "tls1.2"] as const)("%s: a client shows it only to servers that name one of them", (version) => {
    const own: Credential = { ...seededCredential("private", ["client"]), issuers: [name("private")], onlyForItsIssuers: true };
    const known = (authorities: readonly Uint8Array[], credentials: PairOptions["client"] & object): boolean => {
      const pair = makePair({
        version,
        server: { clientAuthentication: { mode: "optional", verifier: trusting, authorities } },
        client: credentials,
      });
      converse(pair);
      if (pair.client.failure !== undefined) throw pair.client.failure.error;
      return pair.server.established.info.peer !== undefined;
    };
    for (const credentials of [{ credentials: [own] }]) {
      expect(known([name("private")], credentials)).toBe(true);
      expect(known([name("other")], credentials)).toBe(false);
      expect(known([], credentials)).toBe(false);
    }
    const picked = { credentials: { pick: () => own } };
    expect(known([name("private")], picked)).toBe(true);
    expect(() => known([name("other")], picked)).toThrow(/local step failed/);
  });
});
