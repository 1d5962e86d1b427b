// The loop with the real machine at both ends, on the simulated transport: whatever happens to it at any moment, both sides
// settle, and nothing is left behind.
import { fc, test as property } from "@fast-check/vitest";
import { Acceptor, type AsyncSigner, type AsyncVerifier, Connector, type SyncSigner, type SyncVerifier } from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { type ClientDriven, drive, type ServerDriven, type TlsStream } from "@sallyport/drive";
import { credential, serverVerifier } from "@sallyport/x509";
import { describe, expect, test } from "vitest";
import { settled, VirtualClock } from "../support/clock.ts";
import { client, server } from "../support/endpoints.ts";
import { makePki } from "../support/pki.ts";
import { type SimulatedTransport, simulatedPair } from "../support/simulated-transport.ts";

const pki = await makePki();
const leaf = await pki.leaf();

/** Answers come later. */
function later({ sign, ...rest }: SyncSigner): AsyncSigner {
  return { ...rest, signAsync: (scheme, message) => settled().then(() => sign(scheme, message)) };
}
function laterToo({ verify, ...rest }: SyncVerifier): AsyncVerifier {
  return { ...rest, verifyAsync: (presented) => settled().then(() => verify(presented)) };
}
const asynchronous = {
  server: server({ credentials: [credential({ chain: leaf.chainPem, signer: later(signer(leaf.keyPem)) })] }),
  client: client({ verifier: laterToo(serverVerifier({ provider: node, roots: pki.ca.pem })) }),
};
const synchronous = { server: server(), client: client() };

interface Conversation {
  readonly clock: VirtualClock;
  readonly ends: ReturnType<typeof simulatedPair>;
  readonly heard: { client: string; server: string };
  readonly outcome: Promise<readonly [string, string]>;
}

/** The client asks, the server answers, both close. The outcome is how each side ended. */
function converse(configs: typeof asynchronous | typeof synchronous, length = 3_000): Conversation {
  const clock = new VirtualClock();
  const ends = simulatedPair();
  const heard = { client: "", server: "" };
  const serving = drive(ends.server, new Acceptor().start(), { accept: () => configs.server }, { clock });
  const asking = drive(ends.client, new Connector(configs.client, "localhost").start(), {}, { clock });
  const outcome = Promise.all([
    ended(asking, (stream) =>
      talk(stream, "q".repeat(length), (text) => {
        heard.client += text;
      }),
    ),
    ended(serving, async (stream) => {
      await listen(stream, (text) => {
        heard.server += text;
      });
      await stream.write(Buffer.from("a".repeat(length)));
      await stream.closeWrite();
    }),
  ]);
  return { clock, ends, heard, outcome };
}

async function talk(stream: TlsStream, question: string, hear: (text: string) => void): Promise<void> {
  await stream.write(Buffer.from(question));
  await stream.closeWrite();
  await listen(stream, hear);
}
async function listen(stream: TlsStream, hear: (text: string) => void): Promise<void> {
  for (let data = await stream.read(); data !== undefined; data = await stream.read()) hear(Buffer.from(data).toString());
}
async function ended(driven: Promise<ServerDriven | ClientDriven>, use: (stream: TlsStream) => Promise<void>): Promise<string> {
  const result = await driven;
  if (result.kind === "failed") return `handshake: ${result.failure.error.kind}`;
  if (result.kind === "passthrough") return result.kind;
  const used = use(result.stream).then(
    () => "used",
    () => "cut",
  );
  const { error } = await result.stream.closed;
  return `${await used}: ${error?.kind ?? "closed"}`;
}

const whole = ["used: closed", "used: closed"];

describe.each([
  ["synchronous", synchronous],
  ["asynchronous", asynchronous],
] as const)("with %s answers", (_name, configs) => {
  test("both sides talk and close", async () => {
    const { clock, outcome, heard } = converse(configs);
    await clock.turn();
    for (let turn = 0; turn < 20; turn++) await clock.turn();
    expect(await outcome).toEqual(whole);
    expect(heard).toEqual({ client: "a".repeat(3_000), server: "q".repeat(3_000) });
    expect(clock.pending).toBe(0);
  });

  property.prop([fc.infiniteStream(fc.integer({ min: 1, max: 700 }))], { numRuns: 20 })(
    "however the wire cuts the bytes",
    async (sizes) => {
      const { clock, ends, outcome, heard } = converse(configs, 500);
      for (const [own, other] of [
        [ends.client, ends.server],
        [ends.server, ends.client],
      ] as const) {
        own.onWrite = (bytes) => {
          for (let at = 0; at < bytes.length; ) {
            const size = sizes.next().value;
            other.deliver(bytes.slice(at, at + size));
            at += size;
          }
        };
      }
      for (let turn = 0; turn < 60; turn++) await clock.turn();
      expect(await outcome).toEqual(whole);
      expect(heard).toEqual({ client: "a".repeat(500), server: "q".repeat(500) });
      expect(clock.pending).toBe(0);
    },
  );

  /** What happens instead of the n-th write of either side. */
  const mishaps: Readonly<Record<string, (own: SimulatedTransport, other: SimulatedTransport) => void>> = {
    "is reset": (own, other) => {
      own.reset();
      other.reset();
    },
    "loses its peer's end": (own, other) => {
      own.end();
      other.end();
    },
    "goes silent": () => {},
    "is cut in the middle of a record": (own, other) => {
      other.deliver(Uint8Array.of(23, 3, 3, 0));
      other.end();
      own.failWrites();
    },
    "turns to noise": (_own, other) => other.deliver(new Uint8Array(300).fill(0x55)),
  };
  test.each(Object.keys(mishaps))("at every write: when the wire %s, both sides settle, and nothing stays", async (name) => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", listener);
    let last: readonly string[] = [];
    for (let fatal = 0; fatal < 40 && last.join() !== whole.join(); fatal++) {
      const { clock, ends, outcome } = converse(configs);
      let writes = 0;
      for (const [own, other] of [
        [ends.client, ends.server],
        [ends.server, ends.client],
      ] as const) {
        own.onWrite = (bytes) => {
          writes += 1;
          if (writes - 1 < fatal) other.deliver(bytes);
          else if (writes - 1 === fatal) mishaps[name]?.(own, other);
        };
      }
      for (let turn = 0; turn < 12; turn++) await clock.turn();
      await clock.advance(12_000);
      if (name === "goes silent") {
        // Established streams have no timeout of their own: that is the application's to set, as is what comes of it.
        ends.client.reset();
        ends.server.reset();
      }
      await clock.advance(3_000);
      last = await outcome;
      expect(clock.pending).toBe(0);
      expect([ends.client.destroyed, ends.server.destroyed]).toEqual([true, true]);
    }
    expect(last).toEqual(whole);
    process.off("unhandledRejection", listener);
    expect(unhandled).toEqual([]);
  });
});

describe("a client whose hello meets silence", () => {
  async function failure(config = synchronous.client, before: (ends: ReturnType<typeof simulatedPair>) => void = () => {}) {
    const clock = new VirtualClock();
    const ends = simulatedPair();
    const driven = drive(ends.client, new Connector(config, "localhost").start(), {}, { clock });
    before(ends);
    await clock.advance(10_000);
    await clock.advance(3_000);
    const result = await driven;
    if (result.kind !== "failed") throw new Error(result.kind);
    return result.failure;
  }

  test("is told so by the handshake timeout: how large the hello was, and what to do", async () => {
    const { error, alert } = await failure(client({ alpn: ["x".repeat(120)] }));
    if (error.kind !== "no-answer-to-client-hello") throw new Error(error.kind);
    expect(error.context.bytes).toBeGreaterThan(1_400);
    expect(error.context).toMatchObject({ records: 1, segments: 2 });
    expect(error.message).toMatch(
      /no answer to a ClientHello of 1\d\d\d bytes \(records: 1, TCP segments: 2 or more\).*offer no hybrid/,
    );
    expect(error).toMatchObject({ fault: "transport", phase: "server-flight", serverName: "localhost" });
    expect(alert).toMatchObject({ kind: "alert", description: "user_canceled" });
  });

  test("a hello of one segment is not too large: it is asked whether anybody is there", async () => {
    const { error } = await failure(client({ groups: ["x25519"] }));
    expect(error).toMatchObject({ kind: "no-answer-to-client-hello", context: { segments: 1 } });
    expect(error.message).toMatch(/is a TLS server there at all\?$/);
  });

  test("records that were asked for are counted", async () => {
    const { error } = await failure(client({ groups: ["x25519"], clientHelloRecordSize: 100 }));
    const context = error.kind === "no-answer-to-client-hello" ? error.context : undefined;
    expect(context?.records).toBe(Math.ceil((context?.bytes ?? 0) / 100));
  });

  test("one byte of an answer, whatever it is, makes it a timeout like any other", async () => {
    const { error } = await failure(undefined, ({ client: own }) => own.deliver(Uint8Array.of(22)));
    expect(error).toMatchObject({ kind: "aborted", context: { by: "timeout" } });
  });
});
