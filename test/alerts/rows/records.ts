import { changed, extension, join, message, record, repeat, text, u16 } from "../../support/octets.ts";
import {
  content,
  extensions,
  Keys,
  ScriptedClient,
  type ScriptedPeer,
  ScriptedServer,
  types,
} from "../../support/scripted-peer.ts";
import { all, anywhere, connected, each, expectEqual, inClear, type Stimuli, underKeys } from "../outcome.ts";

const ccs = record(content.changeCipherSpec, [1]);
const both = (): ScriptedPeer[] => [new ScriptedClient(), new ScriptedServer()];
/** States in which the change_cipher_spec of the compatibility mode may come. */
const takesCcs = (): ScriptedPeer[] => [
  new ScriptedClient({ shares: [] }).to("RETRIED"),
  new ScriptedClient().to("WAIT_FINISHED"),
  new ScriptedServer().to("WAIT_SH"),
  new ScriptedServer().to("WAIT_EE"),
  new ScriptedServer().to("WAIT_FINISHED"),
];
const times = (count: number, run: () => void): void => {
  for (let at = 0; at < count; at++) run();
};

export const records: Stimuli = {
  "REC-001": () => each([0, 19, 24, 99, 255], anywhere, (peer, type) => peer.bytes(record(type, [1]))),
  "REC-003": () =>
    each(
      ["GET / HTTP/1.1\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n"],
      () => [new ScriptedClient().to("START")],
      (peer, banner) => peer.bytes(text(banner)),
    ),
  "REC-004": () =>
    all([new ScriptedClient().to("START")], (peer) => {
      const hello = peer.encodedHello();
      peer.counted(hello).bytes(record(content.handshake, hello, 0x0301));
    }),
  "REC-005": () =>
    [0x0300, 0x0302, 0x0304].flatMap((version) => {
      const client = new ScriptedClient().to("START");
      const hello = client.encodedHello();
      const server = new ScriptedServer().to("WAIT_SH");
      return [
        client.counted(hello).bytes(record(content.handshake, hello, version)),
        server.hello(server.serverHello(), version).skipTo("WAIT_EE"),
      ];
    }),
  "REC-006": () => [
    ...each([0x0301, 0x0304], underKeys, (peer, version) => {
      const sealed = peer.sealed(content.data, text("x"));
      sealed.set(u16(version), 1);
      peer.bytes(sealed);
    }),
    // Sealed with it: the additional data are what came.
    ...each([0x0301, 0x03ff, 0x0203], underKeys, (peer, version) =>
      peer.bytes(peer.write instanceof Keys ? peer.write.seal([...text("x"), content.data], version) : []),
    ),
  ],
  "REC-007": () => all(inClear(), (peer) => peer.bytes([content.handshake, 3, 3, 0x40, 0x01])),
  "REC-008": () => all(underKeys(), (peer) => peer.bytes([content.data, 3, 3, 0x41, 0x01])),
  "REC-010": () => [
    ...all(connected(), (peer) => peer.record(content.data, repeat(2 ** 14 + 1))),
    ...all(underKeys(), (peer) => peer.record(content.handshake, repeat(2 ** 14 + 1))),
    ...all(underKeys(), (peer) => peer.record(content.handshake, [1], 2 ** 14)),
  ],
  "REC-012": () =>
    each([5, 7, -1, -16], underKeys, (peer, at) =>
      peer.bytes(changed(peer.sealed(content.handshake, message(types.keyUpdate, [0])), at)),
    ),
  "REC-015": () => each([0, 1, 15, 16], underKeys, (peer, length) => peer.bytes(record(content.data, repeat(length)))),
  "REC-016": () =>
    each([1, 5, 2 ** 14 + 1], underKeys, (peer, length) =>
      peer.bytes(peer.write instanceof Keys ? peer.write.seal(repeat(length)) : []),
    ),
  "REC-017": () => all(underKeys(), (peer) => peer.record(content.changeCipherSpec, [1])),
  "REC-018": () => each([24, 99], underKeys, (peer, type) => peer.record(type, [1])),
  "REC-019": () => all(inClear(), (peer) => peer.bytes(record(content.handshake, []))),
  "REC-020": () => each([0, 10], underKeys, (peer, padding) => peer.record(content.handshake, [], padding)),
  "REC-021": () => [
    ...each([0, 10], underKeys, (peer, padding) => peer.record(content.alert, [], padding)),
    ...all(inClear(), (peer) => peer.record(content.alert, [])),
  ],
  "REC-022": () => each([0, 10], connected, (peer, padding) => peer.record(content.data, [], padding)),
  "REC-023": () => {
    const empties = (count: number): ScriptedPeer[] =>
      each([count], connected, (peer) => times(count, () => void peer.record(content.data, [])));
    for (const peer of empties(32)) peer.proceed();
    return empties(33);
  },
  "REC-025": () => all(anywhere(), (peer) => peer.record(content.alert, [2])),
  "REC-026": () => all(anywhere(), (peer) => peer.record(content.alert, [1, 90, 1, 0])),
  "REC-028": () =>
    all(both(), (peer) => {
      peer.fragment = 1;
      peer.proceed();
    }),
  "REC-029": () => [
    ...all(inClear(), (peer) => peer.bytes(record(content.handshake, peer.next().subarray(0, 5)), record(content.data, [1]))),
    ...all([new ScriptedClient().to("WAIT_FINISHED"), new ScriptedServer().to("WAIT_EE")], (peer) =>
      peer.record(content.handshake, peer.next().subarray(0, 5)).record(content.data, [1]),
    ),
  ],
  "REC-030": () => all(takesCcs(), (peer) => peer.record(content.handshake, peer.next().subarray(0, 5)).bytes(ccs)),
  "REC-031": () => each([[], [1]], inClear, (peer, bytes) => peer.bytes(record(content.data, bytes))),
  "REC-032": () => all(underKeys(), (peer) => peer.bytes(record(content.handshake, message(types.finished, repeat(32))))),
  "REC-033": () => all([new ScriptedClient().to("WAIT_FINISHED")], (peer) => peer.bytes(record(content.alert, [2, 40]))),
  "REC-034": () => each([1, 2], takesCcs, (peer, count) => times(count, () => void peer.bytes(ccs))),
  "REC-035": () => each([[2], [1, 1], []], takesCcs, (peer, body) => peer.bytes(record(content.changeCipherSpec, body))),
  "REC-036": () => all([new ScriptedClient().to("START")], (peer) => peer.bytes(ccs)),
  "REC-037": () => all(connected(), (peer) => peer.bytes(ccs)),
  "REC-038": () => all(takesCcs(), (peer) => peer.bytes(ccs, ccs, ccs)),
  // What would wrap is never reached: keys are replaced at a limit, which is a small one here.
  "REC-039": () => {
    const config = { limits: { recordsPerKey: 4 } };
    return all([new ScriptedClient({ config }), new ScriptedServer({ config })], (peer) => {
      peer.to("CONNECTED");
      times(20, () => peer.listen(peer.machine.call((at) => ("send" in at ? at.send(text("x")) : { kind: "none" }))));
      const updates = peer.heard.filter(({ kind, bytes }) => kind === "handshake" && bytes[0] === types.keyUpdate);
      expectEqual(updates.length >= 4, true, "KeyUpdates before the limit");
    });
  },
  "REC-041": () =>
    all([new ScriptedClient().to("START")], (peer) => {
      const body = join([1, 3, 1], u16(3), u16(0), u16(16), [0, 0, 0x2f], repeat(16));
      peer.bytes(join(u16(0x8000 | body.length), body));
    }),
  "REC-042": () => [
    ...all(anywhere(), (peer) => peer.bytes([content.handshake, 3, 3]).end()),
    ...all([new ScriptedClient().to("WAIT_FINISHED"), new ScriptedServer().to("WAIT_EE")], (peer) =>
      peer.record(content.handshake, peer.next().subarray(0, 5)).end(),
    ),
  ],
  "REC-043": () => [
    ...all(both(), (peer) => {
      peer.slice = 1;
      peer.proceed();
    }),
    ...all([new ScriptedClient().to("WAIT_FINISHED")], (peer) => {
      const finished = peer.sealed(content.handshake, peer.finished());
      peer.useApplicationKeys();
      peer.bytes(join(finished, peer.sealed(content.data, text("a")), peer.sealed(content.data, text("b"))));
      expectEqual(peer.machine.data.map((data) => Buffer.from(data).toString()).join(), "a,b", "the data");
    }),
  ],
  "REC-044": () =>
    each(
      [[], text("x")],
      () => [new ScriptedServer().to("WAIT_EE")],
      (peer, bytes) => peer.bytes(record(content.data, bytes)),
    ),
  "REC-046": () => {
    const fresh = (): ScriptedPeer[] => [new ScriptedClient().to("START"), new ScriptedServer().to("WAIT_SH")];
    const loose = new ScriptedClient().to("START");
    const hello = loose.encodedHello();
    loose
      .counted(hello)
      .bytes(record(content.handshake, hello, 0x03ff))
      .proceed();
    return all(fresh(), (peer) => peer.bytes(record(content.handshake, peer.next(), 0xffff)));
  },
  "RSL-003": () =>
    all([new ScriptedClient()], (peer) => peer.extend(extension(extensions.recordSizeLimit, u16(0xffff))).to("CONNECTED")),
};
