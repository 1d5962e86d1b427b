// Records, framing and alerts of TLS 1.2.
import { Acceptor, type Connection } from "@sallyport/core";
import { changed, extension, join, message, type Octets, record, repeat, text, u16, u24 } from "../../../support/octets.ts";
import { content, extensions, ownCredential, type ScriptedPeer, types } from "../../../support/scripted-peer.ts";
import {
  extensionsTls12,
  KeysTls12,
  ScriptedClientTls12,
  ScriptedServerTls12,
  typesTls12,
} from "../../../support/scripted-tls12.ts";
import { all, each, Expected, expectEqual, found, heardFinished, type Stimuli, told } from "../../outcome.ts";
import { agreed, anywhere, beforeFinished, connected, inClear, inHandshake, toClient, toServer, underKeys } from "./peers.ts";

const both = (): ScriptedPeer[] => [new ScriptedClientTls12(), new ScriptedServerTls12()];
const decoding = (): ScriptedPeer[] => inClear().filter(({ where }) => where !== "WAIT_CCS");
const times = (count: number, run: () => void): void => {
  for (let at = 0; at < count; at++) run();
};
/** A call on the machine's connection, whose output the peer hears. */
function call(peer: ScriptedPeer, run: (connection: Connection) => ReturnType<Connection["send"]>): void {
  const { connection } = peer.machine;
  if (connection === undefined) throw new Error("not connected");
  peer.listen(peer.machine.call(() => run(connection)));
}
function right(peer: ScriptedPeer): { readonly type: number; readonly body: Uint8Array } {
  const raw = peer.next();
  return { type: raw[0] ?? 0, body: raw.subarray(4) };
}

export const records: Stimuli = {
  "REC-002": () => each([0, 19, 24, 99, 255], anywhere, (peer, type) => peer.bytes(record(type, [1]))),
  "REC-003": () =>
    each(
      ["GET / HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n"],
      () => [toServer("START")],
      (peer, banner) => peer.bytes(text(banner)),
    ),
  "REC-004": () =>
    all([new ScriptedClientTls12()], (peer) => {
      const hello = peer.encodedHello();
      peer
        .counted(hello)
        .bytes(record(content.handshake, hello, 0x0301))
        .skipTo("WAIT_CKE");
    }),
  "REC-007": () => all(inClear(), (peer) => peer.bytes([content.handshake, 3, 3, 0x40, 0x01])),
  "REC-009": () => each([content.handshake, content.data], underKeys, (peer, type) => peer.bytes([type, 3, 3, 0x48, 0x01])),
  "REC-011": () => all(underKeys(), (peer) => peer.record(content.data, repeat(2 ** 14 + 1))),
  "REC-013": () =>
    each([5, 12, 13, -17, -16, -1], underKeys, (peer, at) =>
      peer.bytes(changed(peer.sealed(content.handshake, peer.next()), at)),
    ),
  "REC-023": () => {
    const empties = (count: number): readonly ScriptedPeer[] =>
      all(connected(), (peer) => times(count, () => void peer.record(content.data, [])));
    for (const peer of empties(32)) peer.proceed();
    return empties(33);
  },
  "REC-024": () =>
    each([content.handshake, content.alert, content.changeCipherSpec], anywhere, (peer, type) => peer.record(type, [])),
  "REC-027": () => all(agreed(), (peer) => peer.record(content.alert, [1]).record(content.alert, [90])),
  "REC-028": () =>
    all(both(), (peer) => {
      peer.fragment = 1;
      peer.proceed();
    }),
  "REC-031": () => each([[], [1]], inClear, (peer, bytes) => peer.bytes(record(content.data, bytes))),
  // What would wrap is never reached: a key has a limit, which is a small one here.
  "REC-039": () => {
    const config = { limits: { recordsPerKey: 4 } };
    return all([new ScriptedClientTls12(config), new ScriptedServerTls12({ config })], (peer) => {
      peer.to("CONNECTED");
      const before = peer.heard.length;
      times(20, () => call(peer, (connection) => connection.send(text("x"))));
      expectEqual(peer.machine.failure?.error.kind, "key-exhausted", "what is reported");
      // Finished came before them.
      expectEqual(
        peer.heard
          .slice(before)
          .map(({ kind }) => kind)
          .join(),
        "data,data,alert",
        "what was sent",
      );
    });
  },
  "REC-041": () =>
    all([toServer("START")], (peer) => {
      const body = join([1, 3, 1], u16(3), u16(0), u16(16), u24(0x2f), repeat(16));
      peer.bytes(join(u16(0x8000 | body.length), body));
    }),
  "REC-042": () => [
    ...all(anywhere(), (peer) => peer.bytes([content.handshake, 3, 3]).end()),
    ...all([...decoding(), ...beforeFinished()], (peer) => peer.record(content.handshake, peer.next().subarray(0, 3)).end()),
  ],
  "REC-043": () => [
    ...all(both(), (peer) => {
      peer.slice = 1;
      peer.proceed();
    }),
    ...all([toServer("WAIT_CCS")], (peer) => {
      peer.useKeys();
      const finished = peer.finished();
      peer
        .counted(finished)
        .bytes(
          join(
            record(content.changeCipherSpec, [1]),
            peer.sealed(content.handshake, finished),
            peer.sealed(content.data, text("a")),
          ),
        );
      peer.skipTo("CONNECTED");
      expectEqual(peer.machine.data.map((data) => Buffer.from(data).toString()).join(), "a", "the data");
    }),
  ],
  "REC-045": () =>
    each([0x0301, 0x0302, 0x0304], underKeys, (peer, version) => {
      const sealed = peer.sealed(content.handshake, peer.next());
      sealed.set(u16(version), 1);
      peer.bytes(sealed);
    }),
  "REC-046": () => {
    const loose = toServer("START");
    const hello = loose.encodedHello();
    loose
      .counted(hello)
      .bytes(record(content.handshake, hello, 0x03ff))
      .skipTo("WAIT_CKE")
      .proceed();
    return all([toServer("START"), toClient("WAIT_SH")], (peer) => peer.bytes(record(content.handshake, peer.next(), 0xffff)));
  },
  "RSL-003": () =>
    all([new ScriptedClientTls12()], (peer) => peer.extend(extension(extensions.recordSizeLimit, u16(0xffff))).to("CONNECTED")),

  "FRM-001": () => all(anywhere(), (peer) => peer.record(content.handshake, message(99, [1]))),
  "FRM-002": () => all(anywhere(), (peer) => peer.record(content.handshake, join([right(peer).type, 0xff, 0xff, 0xff]))),
  "FRM-003": () =>
    each(
      [0, 1],
      () => decoding().filter(({ where }) => where !== "WAIT_SHD_ONLY"),
      (peer, length) => {
        const { type, body } = right(peer);
        peer.record(content.handshake, message(type, body.subarray(0, length)));
      },
    ),
  "FRM-004": () =>
    all(
      decoding().filter(({ where }) => where !== "WAIT_SHD_ONLY"),
      (peer) => {
        const { type, body } = right(peer);
        // Offsets of a length that is made too large: session id, point, or the first vector.
        const at =
          type === types.clientHello || type === types.serverHello
            ? 34
            : type === typesTls12.serverKeyExchange
              ? 3
              : type === types.certificateVerify
                ? 2
                : type === types.newSessionTicket
                  ? 4
                  : 0;
        peer.record(
          content.handshake,
          message(
            type,
            Uint8Array.from(body, (byte, index) => (index === at ? 0xff : byte)),
          ),
        );
      },
    ),
  "FRM-005": () =>
    all(decoding(), (peer) => {
      const { type, body } = right(peer);
      peer.record(content.handshake, message(type, body, [0]));
    }),
  "FRM-006": () => {
    const known = [
      extensions.serverName,
      extensions.supportedGroups,
      extensions.signatureAlgorithms,
      extensions.alpn,
      extensions.renegotiationInfo,
      extensionsTls12.pointFormats,
      extensionsTls12.extendedMasterSecret,
    ];
    return [
      ...each(
        known,
        () => [new ScriptedClientTls12()],
        (peer, type) => {
          const body = peer.hello.extensions?.find((one) => one.type === type)?.body ?? [];
          peer.extend(extension(type, body, [0])).say(peer.encodedHello());
        },
      ),
      ...each(
        [extensions.renegotiationInfo, extensionsTls12.extendedMasterSecret],
        () => [new ScriptedServerTls12()],
        (peer, type) => {
          const body: Octets = type === extensions.renegotiationInfo ? [0] : [];
          peer.say(peer.serverHello({ extensions: peer.answers(extension(type, body, [0])) }));
        },
      ),
    ];
  },
  "FRM-007": () => all([new ScriptedClientTls12()], (peer) => peer.extend(extension(0xfa5a, repeat(77, 3))).to("CONNECTED")),

  "KU-007": () => all(connected(), (peer) => peer.record(content.handshake, message(types.keyUpdate, [0]))),

  "ALT-002": () =>
    all(connected(), (peer) => {
      peer.record(content.data, text("last")).alert(1, 0);
      expectEqual(peer.machine.closed, true, "closed");
      expectEqual(peer.machine.data.length, 1, "data before it");
      expectEqual(peer.machine.connection?.send(text("x")).kind, "ended", "a send behind it");
      expectEqual(peer.machine.connection?.close().output.length, 0, "bytes of a close behind it");
    }).map((peer) => found(peer, told(peer))),
  "ALT-003": () =>
    each([content.data, content.handshake, content.alert, 99], connected, (peer, type) => {
      peer.alert(1, 0);
      const before = peer.heard.length;
      peer.record(type, [1]);
      expectEqual(peer.heard.length, before, "records behind it");
      expectEqual(peer.machine.data.length, 0, "data behind it");
      expectEqual(peer.machine.failure, undefined, "the failure");
    }).map((peer) => found(peer, "none")),
  "ALT-007": () => each([40, 48, 80, 255], anywhere, (peer, description) => peer.alert(2, description)),
  "ALT-008": () =>
    each(
      [41, 90, 100, 112],
      () => anywhere().filter(({ where }) => where !== "START"),
      (peer, description) => peer.alert(1, description),
    ),
  "ALT-009": () => {
    const warn = (count: number): ScriptedPeer[] => each([count], agreed, (peer) => times(count, () => void peer.alert(1, 90)));
    for (const peer of warn(4)) peer.proceed();
    return warn(5);
  },
  "ALT-010": () => each([0, 3, 255], anywhere, (peer, level) => peer.alert(level, 40)),
  "ALT-011": () =>
    all(connected(), (peer) => {
      peer.end();
      expectEqual(peer.machine.failure?.error.kind, "truncated", "what is reported");
    }),
  "ALT-012": () =>
    all(connected(), (peer) => call(peer, (connection) => connection.close())).map((peer) => found(peer, told(peer))),
  "ALT-013": () =>
    all(
      inHandshake().filter((peer) => !heardFinished(peer)),
      (peer) => peer.listen(peer.machine.call((at) => at.abort("cancelled"))),
    ),
  "ALT-014": () => {
    const broken = (): never => {
      throw new Expected("it broke");
    };
    const peers = [
      new ScriptedClientTls12({ credentials: [{ ...ownCredential, signer: { ...ownCredential.signer, sign: broken } }] }),
      new ScriptedServerTls12({ config: { verifier: { schemes: ["ecdsa_secp256r1_sha256"], label: "broken", verify: broken } } }),
    ];
    return peers.map((peer) => {
      try {
        peer.proceed();
      } catch (thrown) {
        if (peer.machine.failure === undefined) throw thrown;
      }
      return peer;
    });
  },
  "ALT-019": () =>
    all([new ScriptedServerTls12()], (peer) => peer.say(peer.serverHello({ compression: 1 }))).map((peer) =>
      found(peer, `${peer.alerts[0]?.under}`),
    ),
  "ALT-020": () =>
    all(anywhere(), (peer) => peer.record(content.handshake, message(99))).map((peer) => {
      expectEqual(peer.alerts.length, 1, "alerts");
      const hasKeys = peer.read instanceof KeysTls12;
      expectEqual(peer.alerts[0]?.under, hasKeys ? "application" : "plaintext", "how it is protected");
      return found(peer, "current write keys");
    }),
  "ALT-021": () =>
    all(anywhere(), (peer) => {
      peer.record(content.handshake, message(99));
      const before = peer.heard.length;
      const { failure, connection } = peer.machine;
      const after = [
        failure?.abort("cancelled"),
        connection?.send(text("x")),
        connection?.receive(repeat(9)),
        connection?.close(),
        connection?.updateKeys(),
      ];
      for (const repeated of after) {
        if (repeated === undefined) continue;
        expectEqual(repeated.kind === "failed" ? repeated.error : repeated.kind, failure?.error, "the answer");
        expectEqual(repeated.output.length, 0, "bytes");
      }
      peer.bytes(repeat(64));
      expectEqual(peer.heard.length, before, "records");
    }).map((peer) => found(peer, "close")),
  "ALT-022": () => {
    const peer = new ScriptedClientTls12();
    const cases = [
      [record(content.handshake, changed(peer.encodedHello(), 38, 0xff)), "decode_error"],
      [record(content.handshake, message(typesTls12.clientKeyExchange, [1, 1])), "unexpected_message"],
      [record(content.handshake, peer.encodedHello(), 0x0203), "protocol_version"],
    ] as const;
    return cases.map(([bytes, name]) => {
      const fresh = new ScriptedClientTls12().bytes(bytes);
      expectEqual(told(fresh), name, "the alert");
      return found(fresh, name);
    });
  },
  "ALT-023": () => {
    const cases = [
      [new ScriptedClientTls12().with({ legacyVersion: 0x0302 }), "protocol_version"],
      [new ScriptedClientTls12().with({ suites: [0xc013] }), "handshake_failure"],
      [new ScriptedClientTls12().extend(extension(extensions.alpn, u16(2), [1, 120])), "no_application_protocol"],
    ] as const;
    return cases.map(([peer, name]) => {
      expectEqual(told(peer.greet()), name, "the alert");
      return found(peer, name);
    });
  },
  "ALT-024": () =>
    (["access_denied", "unrecognized_name", "handshake_failure", "internal_error"] as const).map((alert) => {
      const peer = new ScriptedClientTls12();
      const stage = new Acceptor().start().receive(record(content.handshake, peer.encodedHello()));
      if (stage.kind !== "accepted") throw new Error(`${stage.kind} instead of accepted`);
      peer.listen(stage.reject(alert).output);
      return { machine: "server", where: "accepted", told: told(peer) };
    }),
  // The flight that was made before the step failed goes first.
  "ALT-025": () => {
    const sign = (): never => {
      throw new Expected("no signature");
    };
    const server = new ScriptedClientTls12({
      credentials: [{ ...ownCredential, signer: { ...ownCredential.signer, sign } }],
    }).greet();
    const order = server.heard.map(({ kind, bytes }) => (kind === "handshake" ? bytes[0] : kind)).join();
    expectEqual(order, `${types.serverHello},${types.certificate},alert`, "what the server wrote");
    const client = toClient("WAIT_SHD");
    const done = client.serverHelloDone();
    const heard = client.heard.length;
    client.counted(done).bytes(join(record(content.handshake, done), record(99, [1])));
    const answer = client.heard
      .slice(heard)
      .map(({ kind, bytes }) => (kind === "handshake" ? bytes[0] : kind))
      .join();
    expectEqual(answer, `${typesTls12.clientKeyExchange},change_cipher_spec,${types.finished},alert`, "what the client wrote");
    return [found(server, "order kept"), found(client, "order kept")];
  },
  "ALT-026": () =>
    all(anywhere(), (peer) =>
      peer.listen(peer.machine.call((at) => at.abort({ alert: "general_error", reason: "none of your business" }))),
    ),
  "ALT-028": () =>
    each(
      [
        [99, [1]],
        [content.handshake, message(99)],
        [content.handshake, message(typesTls12.helloRequest)],
      ] as const,
      connected,
      (peer, [type, bytes]) => {
        call(peer, (connection) => connection.close());
        const before = peer.heard.length;
        peer.record(type, bytes);
        expectEqual(peer.heard.length, before, "records behind close_notify");
        if (peer.machine.failure !== undefined) expectEqual(peer.machine.failure.alert.kind, "none", "the alert");
      },
    ).map((peer) => found(peer, "close")),
  "ALT-029": () =>
    all(connected(), (peer) => {
      peer.record(content.handshake, message(99));
      const before = peer.heard.length;
      const { connection } = peer.machine;
      for (const after of [connection?.close(), connection?.send(text("x")), connection?.updateKeys()])
        peer.listen(after?.output ?? repeat(0));
      expectEqual(peer.heard.length, before, "records behind the alert");
    }).map((peer) => found(peer, "close")),
};
