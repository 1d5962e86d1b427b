// Whatever an application writes, of whatever length and in whatever turn, and however slow the transport: all of it arrives, and
// each call is answered once.
import { once } from "node:events";
import { type Duplex, duplexPair } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { fc, test as property } from "@fast-check/vitest";
import { memoryClientSessions, ticketKeys } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { connect, type TlsSocket, upgrade } from "@sallyport/node";
import { describe, expect, test } from "vitest";
import { client, collect, server } from "../support/endpoints.ts";
import { thrownDuring } from "../support/thrown.ts";

const sessions = ticketKeys({ random: (length) => node.random(length), now: Date.now });

interface Ends {
  readonly own: TlsSocket;
  readonly peer: TlsSocket;
}
/** @param delay turns that each write of the transport under `own` takes */
function pair(role: "client" | "server", version: "tls1.2" | "tls1.3", delay: number): Ends {
  const [below, other] = duplexPair();
  slow(below, delay);
  const versions = [version] as const;
  const accept = server({ versions, sessions });
  const config = client({ versions, sessions: memoryClientSessions() });
  const isClient = role === "client";
  const serving = upgrade(isClient ? other : below, { isServer: true, accept });
  const asking = connect({ config, servername: "localhost", socket: isClient ? below : other });
  return isClient ? { own: asking, peer: serving } : { own: serving, peer: asking };
}
function slow(socket: Duplex, delay: number): void {
  const write = socket._write.bind(socket);
  socket._write = async (chunk: Buffer, encoding, done) => {
    const copy = Buffer.from(chunk);
    for (let turns = 0; turns < delay; turns++) await turn();
    write(copy, encoding, done);
  };
}

type Act = number | "cork" | "uncork" | "turn" | "tick";
const length = fc.constantFrom(0, 0, 1, 100, 20_000, 300_000);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 2, arbitrary: length },
  { weight: 1, arbitrary: fc.constantFrom("cork", "uncork", "turn", "tick") },
);

describe.each([
  ["client", "tls1.3"],
  ["client", "tls1.2"],
  ["server", "tls1.3"],
  ["server", "tls1.2"],
] as const)("at a %s of %s", (role, version) => {
  property.prop(
    [
      fc.array(act, { maxLength: 8 }),
      fc.option(length, { nil: undefined }),
      fc.constantFrom(0, 1, 3),
      fc.constantFrom("before the handshake", "in its event", "behind its turn"),
    ],
    { numRuns: 15 },
  )("all that is written arrives, and is called back once, in its order, before finish", async (acts, last, delay, when) => {
    const { own, peer } = pair(role, version, delay);
    const received = collect(peer);
    const told: string[] = [];
    const expected: string[] = [];
    let sent = "";
    const chunk = (at: number, size: number): string => {
      const text = String.fromCharCode(97 + at).repeat(size);
      sent += text;
      return text;
    };
    own.on("error", (error) => told.push(String(error))).on("finish", () => told.push("finish"));
    if (when !== "before the handshake") await once(own, "secure");
    if (when === "behind its turn") await turn();
    for (const [at, what] of acts.entries()) {
      if (what === "turn") await turn();
      else if (what === "tick") await undefined;
      else if (typeof what === "string") own[what]();
      else {
        expected.push(`written ${at}`);
        own.write(chunk(at, what), (error) => told.push(error ? String(error) : `written ${at}`));
      }
    }
    const ended = (): void => void told.push("ended");
    if (last === undefined) own.end(ended);
    else own.end(chunk(acts.length, last), ended);
    own.resume();
    const closed = once(own, "close");
    expect(String(await received)).toBe(sent);
    peer.end();
    await closed;
    expect(told.filter((what) => what !== "ended")).toEqual([...expected, "finish"]);
    expect(told.filter((what) => what === "ended")).toHaveLength(1);
  });
});

test.each(["a write of nothing", "an end with nothing"])("%s behind one that is under way is no error", async (what) => {
  const { own, peer } = pair("server", "tls1.3", 5);
  await once(own, "secure");
  const received = collect(peer);
  own.write("x");
  await turn();
  expect(own.writableLength).toBe(1);
  if (what === "a write of nothing") own.write("");
  own.end(what === "a write of nothing" ? undefined : "");
  await once(own, "finish");
  expect(String(await received)).toBe("x");
  expect(own.errored).toBeNull();
  peer.end();
});

test("what the callback of a write of nothing throws is the process's, and the connection opens", async () => {
  const thrown = await thrownDuring(async () => {
    const { own, peer } = pair("client", "tls1.3", 0);
    own.write("", () => {
      throw new Error("a caller's mistake");
    });
    await once(own, "secureConnect");
    const received = collect(peer);
    own.end("x");
    expect(String(await received)).toBe("x");
    peer.end();
  });
  expect(thrown).toEqual(["Error: a caller's mistake"]);
});

test.each([
  ["in the event", false],
  ["behind it", true],
])("destroy() %s, behind end(), sends what was written, and nothing is thrown", async (_, later) => {
  const thrown = await thrownDuring(async () => {
    const { own, peer } = pair("client", "tls1.3", 2);
    peer.on("error", () => {});
    let received = "";
    peer.on("data", (data) => {
      received += String(data);
    });
    await once(own, "secureConnect");
    own.end("words");
    if (later) await turn();
    own.destroy();
    await new Promise((closed) => peer.once("close", closed));
    expect(received).toBe("words");
  });
  expect(thrown).toEqual([]);
});
