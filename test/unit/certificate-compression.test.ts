// Certificates that travel compressed (RFC 8879), and what is refused of those that compress them.
import { randomBytes } from "node:crypto";
import { deflateSync } from "node:zlib";
import {
  type CertificateCompressor,
  clientConfig,
  ConfigError,
  type ClientOptions,
  type Credential,
  dangerousAssertVerified,
  type ServerOptions,
  serverConfig,
  type StapleKind,
} from "@sallyport/core";
import { certificateCompressors } from "@sallyport/crypto-node";
import { describe, expect, test, vi } from "vitest";
import { converse, establishedPair, makePair, type Pair, type PairOptions, type Side } from "../support/pair.ts";
import { now, seededCredential, seededNode, trusting } from "../support/seeded.ts";

/** Counts what it is asked to do. */
function counting(
  algorithm: CertificateCompressor["algorithm"] = 0xff01,
): CertificateCompressor & { compressed: number; maxLengths: number[] } {
  const inverse = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0x55);
  const compressor = {
    algorithm,
    compressed: 0,
    maxLengths: [] as number[],
    compress: (bytes: Uint8Array) => {
      compressor.compressed++;
      return inverse(bytes);
    },
    decompress: (bytes: Uint8Array, maxLength: number) => {
      compressor.maxLengths.push(maxLength);
      return inverse(bytes);
    },
  };
  return compressor;
}

/** Which of our messages these were, by the trace: `certificate` or `compressed_certificate`. */
function shownBy(options: PairOptions): { readonly pair: Pair; readonly shown: readonly string[] } {
  const shown: string[] = [];
  const trace: ServerOptions["trace"] = (event) => {
    if (
      event.kind === "message" &&
      event.direction === "in" &&
      event.type.includes("certificate") &&
      !/verify|request/.test(event.type)
    )
      shown.push(event.type);
  };
  // A first meeting is not this one.
  const atStart = (): void => void shown.splice(0);
  const pair = makePair({ ...options, atStart, server: { ...options.server, trace }, client: { ...options.client, trace } });
  converse(pair);
  return { pair, shown };
}

describe.each(certificateCompressors)("by $algorithm", (compressor) => {
  const certificateCompression = [compressor];

  test("both sides' certificates come through as they were, and are judged and proven like any other", () => {
    const { pair, shown } = shownBy({ clientAuth: true, server: { certificateCompression }, client: { certificateCompression } });
    expect(shown).toEqual(["compressed_certificate", "compressed_certificate"]);
    const plain = establishedPair({ clientAuth: true });
    for (const role of ["client", "server"] as const) {
      expect(pair[role].established.info.peer?.presented).toEqual(plain[role].established.info.peer?.presented);
    }
  });

  test("what was compressed is never longer than it was", () => {
    const certificate = Buffer.concat([Buffer.alloc(400, "certificate "), randomBytes(600)]);
    expect(compressor.compress(certificate).length).toBeLessThan(certificate.length);
  });

  test("bytes that were not all compressed, more than may be, and garbage are undefined, and nothing throws", () => {
    const plain = Uint8Array.from({ length: 3000 }, (_, at) => at % 7);
    const compressed = compressor.compress(plain);
    expect(compressor.decompress(compressed, 3000)).toEqual(plain);
    expect(compressor.decompress(compressed, 2999)).toBeUndefined();
    expect(compressor.decompress(compressed, 0)).toBeUndefined();
    expect(compressor.decompress(Uint8Array.from([...compressed, 0]), 3000)).toBeUndefined();
    expect(compressor.decompress(Uint8Array.from([...compressed, ...compressed]), 6000)).toBeUndefined();
    for (let length = 0; length < compressed.length; length++) {
      expect(compressor.decompress(compressed.subarray(0, length), 3000)?.length).not.toBe(3000);
    }
    for (let seed = 0; seed < 50; seed++)
      expect(compressor.decompress(new Uint8Array(40).fill(seed), 3000)?.length ?? 0).toBeLessThan(3001);
  });

  test("a bomb costs no more memory than it may hold", () => {
    const bomb = compressor.compress(new Uint8Array(30_000_000));
    const before = process.memoryUsage().rss;
    for (let turn = 0; turn < 20; turn++) expect(compressor.decompress(bomb, 64 * 1024)).toBeUndefined();
    expect(process.memoryUsage().rss - before).toBeLessThan(20_000_000);
  }, 30_000);

  test("memory is its own: no view into a pool", () => {
    const compressed = compressor.compress(new Uint8Array(100));
    expect([compressed.buffer.byteLength, compressed.constructor]).toEqual([compressed.length, Uint8Array]);
    const back = compressor.decompress(compressed, 100);
    expect([back?.buffer.byteLength, back?.constructor]).toEqual([100, Uint8Array]);
  });
});

test("a runtime that has zstd compresses by it as well, and gives a frame a window of 8 MiB at most", async () => {
  const asked: unknown[] = [];
  vi.resetModules();
  vi.doMock("node:zlib", async (original) => {
    const zlib = await original<typeof import("node:zlib")>();
    return {
      ...zlib,
      constants: { ...zlib.constants, ZSTD_d_windowLogMax: 100 },
      zstdCompressSync: (bytes: Uint8Array) => Buffer.from(bytes),
      zstdDecompressSync: (bytes: Uint8Array, options: unknown) => {
        asked.push(options);
        return { buffer: Buffer.from(bytes), engine: { bytesWritten: bytes.length } };
      },
    };
  });
  try {
    const { certificateCompressors: theirs } = await import("@sallyport/crypto-node");
    expect(theirs.map(({ algorithm }) => algorithm)).toEqual(["brotli", "zlib", "zstd"]);
    expect(theirs[2]?.decompress(Uint8Array.of(1, 2), 10)).toEqual(Uint8Array.of(1, 2));
    expect(asked).toEqual([{ params: { 100: 23 }, info: true, maxOutputLength: 10 }]);
  } finally {
    vi.doUnmock("node:zlib");
    vi.resetModules();
  }
});

test.each([
  ["the client offers none", certificateCompressors, undefined],
  ["the server has none", undefined, certificateCompressors],
  ["they have none in common", [counting(0xff01)], [counting(0xff02)]],
] as const)("where %s certificates go as they are", (_, ours, theirs) => {
  const options = (
    certificateCompression: readonly CertificateCompressor[] | undefined,
  ): Partial<ServerOptions & ClientOptions> => (certificateCompression === undefined ? {} : { certificateCompression });
  const { pair, shown } = shownBy({ clientAuth: true, server: options(ours), client: options(theirs) });
  expect(shown).toEqual(["certificate", "certificate"]);
  expect(pair.client.established.info.version).toBe("tls1.3");
});

test("in TLS 1.2, which a client speaks as well, certificates go as they are", () => {
  const { shown } = shownBy({ version: "tls1.2", client: { certificateCompression: certificateCompressors } });
  expect(shown).toEqual(["certificate"]);
});

test("each side takes its own first that the other has", () => {
  const [one, two, three] = [counting(0xff01), counting(0xff02), counting(0xff03)];
  shownBy({
    clientAuth: true,
    server: { certificateCompression: [three, two, one] },
    client: { certificateCompression: [one, two] },
  });
  // Configs try each once; a handshake has tried the server's choice at the client, and the client's at the server.
  expect([one, two, three].map(({ maxLengths }) => maxLengths.length - 2 * 2)).toEqual([1, 1, -2]);
});

test("a client that has no certificate to show shows none, uncompressed", () => {
  const { pair, shown } = shownBy({
    server: { certificateCompression: certificateCompressors, clientAuthentication: { mode: "optional", verifier: trusting } },
    client: { certificateCompression: certificateCompressors },
  });
  expect(shown).toEqual(["compressed_certificate", "certificate"]);
  expect(pair.server.established.info.peer).toBeUndefined();
});

test("what a picker gives goes as it is: nothing is compressed in a handshake", () => {
  const compressor = counting();
  const certificateCompression = [compressor];
  const picker = { pick: (): Credential => seededCredential("client") };
  const { shown } = shownBy({
    clientAuth: true,
    server: { certificateCompression },
    client: { certificateCompression, credentials: picker },
  });
  expect(shown).toEqual(["compressed_certificate", "certificate"]);
});

describe("staples", () => {
  const stapled: Credential = {
    ...seededCredential("server"),
    ocspResponse: Uint8Array.of(0x30, 0),
    signedCertificateTimestamps: [Uint8Array.of(1, 2, 3)],
  };
  test.each([[[]], [["ocsp"]], [["sct"]], [["ocsp", "sct"]]] as const)(
    "asked for %j a client gets these, compressed, and no others",
    (asksFor) => {
      const compressor = counting();
      const certificateCompression = [compressor];
      const { pair, shown } = shownBy({
        server: { certificateCompression, credentials: [stapled] },
        client: { certificateCompression, verifier: { ...trusting, asksFor: asksFor as readonly StapleKind[] } },
      });
      expect(shown).toEqual(["compressed_certificate"]);
      const presented = pair.client.established.info.peer?.presented;
      expect([presented?.ocspResponse !== undefined, (presented?.signedCertificateTimestamps.length ?? 0) > 0]).toEqual([
        asksFor.some((kind) => kind === "ocsp"),
        asksFor.some((kind) => kind === "sct"),
      ]);
    },
  );

  test("each message is compressed once, when the config is made, and in no handshake", () => {
    const compressor = counting();
    const options = { provider: seededNode("once"), now, versions: ["tls1.3"] as const, certificateCompression: [compressor] };
    serverConfig({ ...options, credentials: [seededCredential("server")] });
    expect(compressor.compressed).toBe(2);
    serverConfig({ ...options, credentials: [stapled] });
    expect(compressor.compressed).toBe(2 + 5);
    const before = compressor.compressed;
    const pair = establishedPair({
      clientAuth: true,
      server: { certificateCompression: [compressor] },
      client: { certificateCompression: [compressor] },
    });
    expect(pair.server.established.info.version).toBe("tls1.3");
    expect(compressor.compressed).toBe(before + 4);
  });
});

test("a session is taken up without any certificate", () => {
  const { pair, shown } = shownBy({
    resumed: "sealed",
    server: { certificateCompression: certificateCompressors },
    client: { certificateCompression: certificateCompressors },
  });
  expect([pair.client.established.info.handshakeKind, shown]).toEqual(["resumed", []]);
});

test("what is decompressed may be as long as the message says, and a compressor is told so", () => {
  const compressor = counting();
  const client = { ...compressor, decompress: compressor.decompress };
  establishedPair({ server: { certificateCompression: [compressor] }, client: { certificateCompression: [client] } });
  const length = compressor.maxLengths.at(-1) ?? 0;
  const chain = seededCredential("server").chain.reduce((sum, { length: bytes }) => sum + bytes + 5, 0);
  expect(length).toBe(1 + 3 + chain);
});

test.each([
  [
    "throws",
    () => {
      throw new Error("out of order");
    },
    "local-fault",
    "internal_error",
  ],
  ["gives no bytes", () => "text" as unknown as Uint8Array, "local-fault", "internal_error"],
  [
    "gives a message that is none",
    (_: Uint8Array, length: number) => new Uint8Array(length).fill(7),
    "malformed-message",
    "decode_error",
  ],
] as const)("a decompressor that %s fails the handshake with its alert", (_, decompress, kind, alert) => {
  const right = counting();
  const broken: CertificateCompressor = {
    ...right,
    // Right while the config is made.
    decompress: (bytes, maxLength) =>
      right.maxLengths.length < 2 ? right.decompress(bytes, maxLength) : decompress(bytes, maxLength),
  };
  const pair = makePair({ server: { certificateCompression: [counting()] }, client: { certificateCompression: [broken] } });
  right.decompress(new Uint8Array(1), 1);
  converse(pair);
  expect(pair.client.failure).toMatchObject({ error: { kind }, alert: { kind: "alert", description: alert } });
});

test.each([
  ["is no list", {}, "wrong-type certificateCompression"],
  ["holds something else", [7], "wrong-type certificateCompression[0]"],
  ["lacks a half", [{ algorithm: "zlib", compress: deflateSync }], "wrong-type certificateCompression[0]"],
  ["has an unknown name", [{ ...counting(), algorithm: "gzip" }], "unknown-name certificateCompression[0].algorithm"],
  [
    "has a name of Object.prototype",
    [{ ...counting(), algorithm: "toString" }],
    "unknown-name certificateCompression[0].algorithm",
  ],
  ["has a number that is registered", [counting(2)], "unknown-name certificateCompression[0].algorithm"],
  ["has the same twice", [counting("zlib"), counting("zlib")], "duplicate certificateCompression[1]"],
  [
    "does not give back what it took",
    [{ ...counting(), decompress: (bytes: Uint8Array) => bytes }],
    "bad-compressor certificateCompression[0]",
  ],
  ["finds its own work wrong", [{ ...counting(), decompress: () => undefined }], "bad-compressor certificateCompression[0]"],
  [
    "throws",
    [
      {
        ...counting(),
        compress: () => {
          throw new Error("no");
        },
      },
    ],
    "bad-compressor certificateCompression[0]",
  ],
  [
    "makes nothing of something",
    [{ ...counting(), compress: () => new Uint8Array(0), decompress: () => new Uint8Array(72) }],
    "bad-compressor certificateCompression[0]",
  ],
])("a config is refused whose compression %s", (_, given, expected) => {
  const certificateCompression = given as readonly CertificateCompressor[];
  const client: ClientOptions = {
    provider: seededNode("refused"),
    now,
    verifier: { ...trusting, verify: dangerousAssertVerified },
    certificateCompression,
  };
  const server: ServerOptions = {
    provider: seededNode("refused"),
    now,
    credentials: [seededCredential("server")],
    certificateCompression,
  };
  for (const make of [() => clientConfig(client), () => serverConfig(server)]) {
    const problems = problemsOf(make);
    expect(problems[0]).toBe(expected);
  }
});
test("compression without TLS 1.3 is refused, and an empty list is none", () => {
  const options = { provider: seededNode("versions"), now, verifier: trusting };
  expect(
    problemsOf(() => clientConfig({ ...options, versions: ["tls1.2"], certificateCompression: certificateCompressors })),
  ).toEqual(["other-version certificateCompression"]);
  expect(problemsOf(() => clientConfig({ ...options, versions: ["tls1.2"], certificateCompression: [] }))).toEqual([]);
});

function problemsOf(make: () => unknown): string[] {
  try {
    make();
    return [];
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    return thrown.problems.map(({ kind, path }) => `${kind} ${path}`);
  }
}

test("in whatever pieces a compressed certificate comes, it is the same handshake", () => {
  const options: PairOptions = {
    clientAuth: true,
    seed: "pieces",
    server: { certificateCompression: certificateCompressors },
    client: { certificateCompression: certificateCompressors },
  };
  const whole = establishedPair(options);
  const pieces = makePair(options);
  const pass = (from: Side, to: Side): void => {
    const said = from.take();
    for (let at = 0; at < said.length; at += 11) to.hear(said.subarray(at, at + 11));
  };
  for (let turn = 0; turn < 20; turn++) {
    pass(pieces.client, pieces.server);
    pass(pieces.server, pieces.client);
  }
  expect(Buffer.from(pieces.server.output).equals(whole.server.output)).toBe(true);
  expect(Buffer.from(pieces.client.output).equals(whole.client.output)).toBe(true);
});

test("asynchronous answers make no difference", () => {
  const options: PairOptions = {
    asynchronous: true,
    clientAuth: true,
    client: { certificateCompression: certificateCompressors },
    server: { certificateCompression: certificateCompressors },
  };
  // Its client picks: see above.
  expect(shownBy(options).shown).toEqual(["compressed_certificate", "certificate"]);
});
