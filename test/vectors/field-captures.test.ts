// Hellos of real clients: two that failed in the field, and twenty-one as recorded.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  Acceptor,
  type Credential,
  negotiate,
  type Negotiation,
  type Registered,
  serverConfig,
  type ServerOptions,
} from "@sallyport/core";
import { helloOfRecord } from "../support/client-hello.ts";
import { fakeCredential, type FakeKey } from "../support/fake-credential.ts";
import { fakeProvider, group } from "../support/fake-provider.ts";

interface Named {
  readonly value: string;
  readonly name: string;
}
interface Capture {
  readonly id: string;
  readonly hex: string;
  readonly decoded: {
    readonly legacy_version: string;
    readonly handshake_length: number;
    readonly random: string;
    readonly session_id: string;
    readonly cipher_suites: readonly Named[];
    readonly compression_methods: readonly number[];
    readonly extensions: readonly {
      readonly type: number;
      readonly name: string;
      readonly hex: string;
      readonly host_name?: string;
      readonly schemes?: readonly Named[];
      readonly groups?: readonly Named[];
      readonly formats?: readonly number[];
    }[];
  };
}
interface Recorded {
  readonly id: string;
  readonly hex: string;
}

const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(`data/${name}.json`, import.meta.url), "utf8"));
const { captures } = read<{ captures: readonly [Capture, Capture] }>("field-captures");
const recorded = read<readonly Recorded[]>("clienthellos");
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const idOf = ({ id }: Registered): string => `0x${id.toString(16).padStart(4, "0")}`;

/** With the default versions. */
const byDefault: ServerOptions = {
  provider: fakeProvider(),
  now: () => 1,
  credentials: [fakeCredential("P-256")],
  servesAnyName: true,
};
const tls13: ServerOptions = { ...byDefault, versions: ["tls1.3"] };
/** ECDHE with AEAD on P-256: what the field cases were to meet. */
const tls12 = (key: FakeKey): ServerOptions => ({
  ...tls13,
  versions: ["tls1.2"],
  provider: fakeProvider({ groups: [group("secp256r1", 65)] }),
  credentials: [fakeCredential(key)],
});

function told(negotiation: Negotiation): string {
  if (negotiation.kind === "refused") return `${negotiation.alert}: ${negotiation.reasons.map(({ kind }) => kind).join(", ")}`;
  const { suite, group, needsRetry, scheme, alpn } = negotiation;
  return `${suite} ${group}${needsRetry ? " (retry)" : ""} ${scheme} ${alpn ?? "-"}`;
}

describe.each(captures.map((capture): [string, Capture] => [capture.id, capture]))("%s", (_, { hex, decoded }) => {
  const hello = helloOfRecord(hex);

  test("decodes to every field of the capture", () => {
    expect(hello.raw).toHaveLength(decoded.handshake_length + 4);
    expect(`0x0${hello.legacyVersion.toString(16)}`).toBe(decoded.legacy_version);
    expect(hexOf(hello.random)).toBe(decoded.random);
    expect(hexOf(hello.legacySessionId)).toBe(decoded.session_id);
    expect(hello.cipherSuites.map((suite) => ({ value: idOf(suite), name: suite.name }))).toEqual(decoded.cipher_suites);
    expect(hello.compressionMethods).toEqual(decoded.compression_methods);
    expect(hello.extensions.map(({ type, data }) => ({ type: type.id, name: type.name, hex: hexOf(data) }))).toEqual(
      decoded.extensions.map(({ type, name, hex }) => ({ type, name, hex })),
    );
    const inside = <K extends keyof Capture["decoded"]["extensions"][number]>(field: K) =>
      decoded.extensions.map((extension) => extension[field]).find((value) => value !== undefined);
    expect(hello.serverName).toBe(inside("host_name"));
    expect(hello.signatureSchemes?.map(idOf)).toEqual(inside("schemes")?.map(({ value }) => value));
    expect(hello.groups?.map((group) => ({ value: idOf(group), name: group.name }))).toEqual(inside("groups"));
    expect(hello.pointFormats).toEqual(inside("formats"));
  });

  test("meets TLS 1.3 alone with protocol_version", () => {
    const negotiation = negotiate(hello, serverConfig(tls13));
    expect(negotiation).toMatchObject({
      kind: "refused",
      alert: "protocol_version",
      reasons: [{ kind: "no-common-version" }, ...(hello.groups ? [{}] : [])],
    });
  });

  test.each([
    ["by default", byDefault, "15030300020228"],
    ["where TLS 1.3 alone is spoken", tls13, "15030300020246"],
  ])("is told so in seven bytes %s", (_, options, alert) => {
    const accepted = new Acceptor().start().receive(Buffer.from(hex, "hex"));
    if (accepted.kind !== "accepted") throw new Error(`the hello leads to ${accepted.kind}`);
    const refused = accepted.choose(serverConfig(options));
    expect([refused.kind, hexOf(refused.output)]).toEqual(["failed", alert]);
  });
});

const [stm32, wolfssl] = captures;

test("the STM32 fails on its only group, and with an RSA certificate on its only suite as well", () => {
  const hello = helloOfRecord(stm32.hex);
  const noGroup = { kind: "no-common-group", theirs: [{ id: 0x0015, name: "secp224r1" }], ours: ["secp256r1"] };
  expect(negotiate(hello, serverConfig(tls12("P-256")))).toEqual({
    kind: "refused",
    alert: "handshake_failure",
    reasons: [noGroup],
  });
  expect(negotiate(hello, serverConfig(tls12("RSA")))).toEqual({
    kind: "refused",
    alert: "handshake_failure",
    reasons: [
      noGroup,
      {
        kind: "suite-needs-other-key",
        suite: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        ours: fakeCredential("RSA").signer.schemes,
      },
    ],
  });
});

test.each<FakeKey>(["P-256", "RSA"])(
  "wolfSSL fails on its suites and its missing supported_groups, with a certificate of %s",
  (key) => {
    const negotiation = negotiate(helloOfRecord(wolfssl.hex), serverConfig(tls12(key)));
    expect(negotiation).toMatchObject({
      kind: "refused",
      alert: "handshake_failure",
      reasons: [{ kind: "no-common-suite" }, { kind: "no-supported-groups" }],
    });
    const [noSuite] = negotiation.kind === "refused" ? negotiation.reasons : [];
    expect(noSuite?.kind === "no-common-suite" && noSuite.theirs.map(({ name }) => name)).toEqual(
      wolfssl.decoded.cipher_suites.map(({ name }) => name),
    );
  },
);

test("no name that a certificate covers is a reason of its own, before all that depends on suites", () => {
  expect(told(negotiate(helloOfRecord(stm32.hex), serverConfig({ ...tls12("RSA"), servesAnyName: false })))).toBe(
    "unrecognized_name: server-name-unknown, no-common-group, suite-needs-other-key",
  );
});

/** Two servers that could stand anywhere: what today's and yesterday's clients get from them. */
const modern: ServerOptions = { ...tls13, alpn: ["h2", "http/1.1"] };
const credentials: [Credential, Credential] = [fakeCredential("P-256"), fakeCredential("RSA")];
const older: ServerOptions = { ...modern, versions: ["tls1.2"], credentials };

const expected: Readonly<Record<string, readonly [tls13: string, tls12: string]>> = {
  openssl: [
    "TLS_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
  ],
  gnutls: [
    "TLS_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
  ],
  curl: [
    "TLS_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 h2",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 h2",
  ],
  node20: [
    "TLS_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
  ],
  node22: [
    "TLS_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
  ],
  node24: [
    "TLS_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
  ],
  "node24-fetch": [
    "TLS_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 http/1.1",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 http/1.1",
  ],
  "deno-connectTls": [
    "TLS_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
  ],
  "deno-fetch": [
    "TLS_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 h2",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 h2",
  ],
  "bun-fetch": [
    "TLS_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 http/1.1",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 http/1.1",
  ],
  python: [
    "TLS_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
  ],
  go119: [
    "TLS_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
  ],
  java17: [
    "TLS_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
  ],
  mbedtls: ["protocol_version: no-common-version", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -"],
  "mbedtls-secp224r1": ["protocol_version: no-common-version, no-common-group", "handshake_failure: no-common-group"],
  wolfssl: [
    "TLS_AES_128_GCM_SHA256 secp256r1 ecdsa_secp256r1_sha256 -",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
  ],
  "wolfssl-tls12": [
    "protocol_version: no-common-version",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
  ],
  botan: ["protocol_version: no-common-version", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -"],
  nss: [
    "TLS_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 -",
  ],
  chromium: [
    "TLS_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 h2",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 h2",
  ],
  firefox: [
    "TLS_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 h2",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 x25519 ecdsa_secp256r1_sha256 h2",
  ],
  "stm32-secp224r1": ["protocol_version: no-common-version, no-common-group", "handshake_failure: no-common-group"],
  "embedded-nogroups": ["protocol_version: no-common-version", "handshake_failure: no-common-suite, no-supported-groups"],
};

test("every recorded hello has its expected outcome", () => {
  expect(recorded.map(({ id }) => id)).toEqual(Object.keys(expected));
});

test.each(Object.entries(expected))("%s", (id, [with13, with12]) => {
  const hello = helloOfRecord(recorded.find((each) => each.id === id)?.hex ?? "");
  expect(told(negotiate(hello, serverConfig(modern)))).toBe(with13);
  expect(told(negotiate(hello, serverConfig(older)))).toBe(with12);
});

test("a client of TLS 1.1 is told protocol_version, behind a hello that is decoded whole", () => {
  const hello = helloOfRecord(wolfssl.hex).raw.slice();
  hello.set([3, 2], 4);
  const header = Uint8Array.of(22, 3, 1, hello.length >> 8, hello.length & 255);
  const accepted = new Acceptor().start().receive(Buffer.concat([header, hello]));
  if (accepted.kind !== "accepted") throw new Error(`the hello leads to ${accepted.kind}`);
  expect(accepted.clientHello.cipherSuites.length).toBe(wolfssl.decoded.cipher_suites.length);
  expect(hexOf(accepted.choose(serverConfig(byDefault)).output)).toBe("15030300020246");
});
