// What the clients do: plain sockets that never close first, whatever they read, and read when they have sent what they will.
import { type ClientConfig, type ClientStage, clientConfig, Connector } from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { credential, serverVerifier } from "@sallyport/x509";
import type { Pki } from "../../test/support/pki.ts";
import type { Wire } from "./attempt.ts";

export interface Scenario {
  readonly name: string;
  /** The port that it needs. */
  readonly port: "open" | "asking";
  /** It takes its time, and little of the machine. */
  readonly slow?: true;
  run(wire: Wire): Promise<void>;
}

const kibibyte = 1024;
/** Than a drain reads, and than it waits. */
const longer = { times: 160, pauseMs: 20, mostMs: 30_000 };

export async function makeScenarios(pki: Pki): Promise<readonly Scenario[]> {
  const stranger = await pki.leaf({ usage: "client", issuer: "stranger" });
  const verifier = serverVerifier({ provider: node, roots: pki.ca.pem });
  const common = { provider: node, now: Date.now, verifier };
  const nobody = clientConfig(common);
  const distrusted = clientConfig({
    ...common,
    credentials: [credential({ chain: stranger.chainPem, signer: signer(stranger.keyPem) })],
  });
  const behindHello = (name: string, more: (wire: Wire) => Promise<void>, pace: { readonly slow?: true } = {}): Scenario => ({
    ...pace,
    name,
    port: "open",
    run: async (wire) => {
      await wire.send(hopelessHello);
      await more(wire);
    },
  });
  return [
    behindHello("refused hello, alone", async () => {}),
    behindHello("and 64 KiB at once", (wire) => wire.send(records(64 * kibibyte))),
    behindHello("and 1 MiB at once", (wire) => wire.send(records(1024 * kibibyte - 4096))),
    behindHello("and a stream of 800 KiB", (wire) =>
      wire.stream(records(8 * kibibyte), { times: 100, pauseMs: 1, mostMs: 1_000 }),
    ),
    behindHello("and a trickle for 1 s", (wire) => wire.stream(new Uint8Array(1), { times: 100, pauseMs: 10, mostMs: 1_000 }), {
      slow: true,
    }),
    shakes("client certificate refused", distrusted, 0),
    shakes("and 256 KiB in flight", distrusted, 256 * kibibyte),
    shakes("no client certificate", nobody, 0),
    { name: "plain HTTP", port: "open", run: (wire) => wire.send(Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")) },
    behindHello(
      "a stream of 10 MiB, 3 s and more, reading meanwhile",
      (wire) => {
        wire.read();
        return wire.stream(records(64 * kibibyte), longer);
      },
      { slow: true },
    ),
    behindHello("and reading behind it", (wire) => wire.stream(records(64 * kibibyte), longer), { slow: true }),
  ];
}

/** TLS 1.1 and nothing else: whoever speaks 1.2 or 1.3 alone says protocol_version. */
const hopelessHello = record(
  22,
  Buffer.concat([
    Buffer.from([1, 0, 0, 45, 3, 2]),
    Buffer.alloc(32, 7),
    Buffer.from([0, 0, 6, 0xc0, 0x0a, 0xc0, 0x14, 0, 0x35, 1, 0]),
  ]),
);
/** What a client would send on if it had not looked yet. */
function records(bytes: number): Uint8Array {
  const whole = record(23, Buffer.alloc(4091, 9));
  return Buffer.concat(Array.from({ length: Math.ceil(bytes / whole.length) }, () => whole));
}
function record(type: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type, 3, 3, content.length >> 8, content.length & 255]), content]);
}

/** A whole handshake of TLS 1.3, whose Finished the server learns the certificate with, and data right behind it. */
function shakes(name: string, config: ClientConfig, inFlight: number): Scenario {
  return {
    name,
    port: "asking",
    run: async (wire) => {
      let stage: ClientStage = new Connector(config, "localhost").start();
      wire.onData = (data) => {
        if (stage.kind === "needs-input") {
          stage = stage.receive(data);
          void wire.send(stage.output);
          if (stage.kind === "failed") wire.sawAlert(stage.error);
          if (stage.kind !== "established") return;
          if (stage.received.kind === "failed") wire.sawAlert(stage.received.error);
          if (inFlight > 0) void wire.send(sent(stage.connection.send(new Uint8Array(inFlight))));
        } else if (stage.kind === "established") {
          const received = stage.connection.receive(data);
          if (received.kind === "failed") wire.sawAlert(received.error);
        }
      };
      wire.read();
      await wire.send(stage.output);
    },
  };
}
function sent(result: { readonly kind: string; readonly output: Uint8Array }): Uint8Array {
  if (result.kind !== "sent") throw new Error(result.kind);
  return result.output;
}
