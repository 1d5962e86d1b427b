// Compressed certificates (RFC 8879): of servers, and of clients that were asked. TLS 1.3 alone.
import { deflateSync } from "node:zlib";
import { certificateCompressors } from "@sallyport/crypto-node";
import { extension, join, message, type Octets, repeat, u16, u24, v24, v8 } from "../../support/octets.ts";
import { content, identity, ScriptedClient, type ScriptedPeer, ScriptedServer } from "../../support/scripted-peer.ts";
import { showing, type Stimuli } from "../outcome.ts";

const config = { certificateCompression: certificateCompressors };
const zlib = 1;
const limit = 64 * 1024;
const compressCertificate = 27;

const body = new ScriptedServer().certificate(identity.chain).subarray(4);
const compressed = Uint8Array.from(deflateSync(body));
const said = (algorithm: number, length: number, bytes: Octets): Uint8Array =>
  message(25, u16(algorithm), u24(length), v24(bytes));

const server = (): ScriptedServer => new ScriptedServer({ config }).to("WAIT_CERT_CR");
const requesting = (): ScriptedServer => new ScriptedServer({ config, requests: true }).to("WAIT_CERT");
const client = (): ScriptedClient => new ScriptedClient({ ...showing, config: { ...showing.config, ...config } }).to("WAIT_CERT");
/** Peers of both roles that said these, each on a connection of its own. */
const sent = (...messages: readonly Uint8Array[]): ScriptedPeer[] =>
  messages.flatMap((each) => [server(), requesting(), client()].map((peer) => peer.record(content.handshake, each)));

export const certificateCompression: Stimuli = {
  "CMP-001": () =>
    sent(
      said(zlib, body.length, repeat(50, 0x55)),
      said(zlib, body.length, compressed.subarray(0, -1)),
      said(zlib, body.length, join(compressed, [0])),
      said(zlib, body.length, join(compressed, compressed)),
      said(2, body.length, compressed),
    ),
  "CMP-002": () =>
    sent(
      said(zlib, body.length - 1, compressed),
      said(zlib, body.length + 1, compressed),
      said(zlib, 0, compressed),
      said(zlib, 0, deflateSync(repeat(0))),
      // A bomb that says it is none.
      said(zlib, body.length, deflateSync(repeat(1_000_000))),
    ),
  "CMP-003": () => sent(said(0, body.length, compressed), said(0xff01, body.length, compressed)),
  "CMP-004": () =>
    sent(said(zlib, 0xffffff, deflateSync(repeat(0xffffff))), said(zlib, limit - 3, deflateSync(repeat(limit - 3)))),
  "CMP-005": () => {
    const empty = [v8(), v8([0, 1, 0]), v8([1])];
    const hellos = empty.map((list) => {
      const peer = new ScriptedClient().to("START").extend(extension(compressCertificate, list));
      return peer.say(peer.encodedHello());
    });
    const requests = empty.map((list) => {
      const peer = server();
      return peer.say(peer.certificateRequest(extension(compressCertificate, list))).skipTo("WAIT_CERT");
    });
    return [...hellos, ...requests];
  },
  "CMP-007": () => {
    const answer = extension(compressCertificate, v8(u16(zlib)));
    const hello = new ScriptedServer({ config }).to("WAIT_SH");
    const flight = new ScriptedServer({ config }).to("WAIT_EE");
    return [
      hello.say(hello.serverHello(({ extensions = [] }) => ({ extensions: [...extensions, answer] }))),
      flight.say(flight.encryptedExtensions(answer)).skipTo("WAIT_CERT_CR"),
    ];
  },
};
