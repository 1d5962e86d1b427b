// A stream whose connection goes on elsewhere: nothing that was written, read or is on its way may be lost or come twice.
import { Acceptor, ApiMisuse, Connection, Connector } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { drive, type Extraction, type TlsStream } from "@sallyport/drive";
import { describe, expect, test } from "vitest";
import { settled, VirtualClock } from "../support/clock.ts";
import { client, server } from "../support/endpoints.ts";
import { type SimulatedTransport, simulatedPair } from "../support/simulated-transport.ts";

interface Two {
  readonly ends: { readonly client: SimulatedTransport; readonly server: SimulatedTransport };
  readonly client: TlsStream;
  readonly server: TlsStream;
}
async function two(version: "tls1.3" | "tls1.2" = "tls1.3", dangerousExtractSecrets = true): Promise<Two> {
  const clock = new VirtualClock();
  const ends = simulatedPair();
  const common = { versions: [version], dangerousExtractSecrets } as const;
  const serving = drive(ends.server, new Acceptor().start(), { accept: () => server(common) }, { clock });
  const asking = drive(ends.client, new Connector(client(common), "localhost").start(), {}, { clock });
  for (let turn = 0; turn < 10; turn++) await clock.turn();
  const [theirs, ours] = [await serving, await asking];
  if (theirs.kind !== "established" || ours.kind !== "established") throw new Error(`${theirs.kind}, ${ours.kind}`);
  return { ends, client: ours.stream, server: theirs.stream };
}
const utf8 = (data: readonly Uint8Array[]): string => Buffer.concat(data).toString();

/** Goes on by hand: what comes next, by the connection that is resumed. */
async function next(connection: Connection, { transport }: Extraction): Promise<string> {
  const received = connection.receive((await transport.read()) ?? new Uint8Array(0));
  return utf8(received.data);
}

describe.each(["tls1.3", "tls1.2"] as const)("%s", (version) => {
  test("what was written is sent, what was read is given, and the connection goes on, both ways", async () => {
    const { client, server } = await two(version);
    await client.write(Buffer.from("before"));
    await settled();
    void server.write(Buffer.from("on its way"));
    const extraction = await server.extractSecrets();
    expect(utf8(extraction.data)).toBe("before");
    expect(Buffer.from((await client.read()) ?? []).toString()).toBe("on its way");
    const resumed = Connection.resume(structuredClone(extraction.secrets), node);
    await client.write(Buffer.from("behind"));
    expect(await next(resumed, extraction)).toBe("behind");
    const answer = resumed.send(Buffer.from("answer"));
    await extraction.transport.write(answer.output);
    expect(Buffer.from((await client.read()) ?? []).toString()).toBe("answer");
    expect(await server.closed).toEqual({ error: undefined, delivery: "none-due" });
    for (const late of [server.read(), server.write(Buffer.from("x")), server.closeWrite(), server.extractSecrets()]) {
      await expect(late).rejects.toBeInstanceOf(ApiMisuse);
    }
  });

  test("half a record stays with the secrets, and a chunk that arrives at the same moment is not lost", async () => {
    for (const cut of [1, 4, 5, 11, 25]) {
      const { client, server, ends } = await two(version);
      const held: Uint8Array[] = [];
      ends.client.onWrite = (bytes) => void held.push(bytes);
      await client.write(Buffer.from("halves"));
      const record = Buffer.concat(held);
      ends.server.deliver(record.subarray(0, cut));
      const extracting = server.extractSecrets();
      ends.server.deliver(new Uint8Array(record.subarray(cut)));
      const extraction = await extracting;
      const resumed = Connection.resume(extraction.secrets, node);
      const data = utf8(extraction.data) + (extraction.data.length > 0 ? "" : await next(resumed, extraction));
      expect(data).toBe("halves");
    }
  });

  test("without dangerousExtractSecrets it is the caller's mistake, and the stream lives on", async () => {
    const { client, server } = await two(version, false);
    await expect(server.extractSecrets()).rejects.toBeInstanceOf(ApiMisuse);
    await server.write(Buffer.from("still here"));
    expect(Buffer.from((await client.read()) ?? []).toString()).toBe("still here");
    await client.write(Buffer.from("me too"));
    expect(Buffer.from((await server.read()) ?? []).toString()).toBe("me too");
  });
});

test("while a KeyUpdate of ours is unanswered it waits, reading on and writing nothing more", async () => {
  const { client, server, ends } = await two();
  const answers: Uint8Array[] = [];
  ends.client.onWrite = (bytes) => void answers.push(bytes);
  await server.updateKeys({ requestPeer: true });
  let extraction: Extraction | undefined;
  const extracting = server.extractSecrets().then((value) => {
    extraction = value;
  });
  await client.write(Buffer.from("behind the answer"));
  await settled();
  expect(extraction).toBeUndefined();
  await expect(server.write(Buffer.from("x"))).rejects.toBeInstanceOf(ApiMisuse);
  for (const answer of answers) ends.server.deliver(answer);
  await extracting;
  expect(utf8(extraction?.data ?? [])).toBe("behind the answer");
});

test("a connection that fails meanwhile rejects it with its error, and its alert is delivered", async () => {
  const { server, ends } = await two();
  await server.updateKeys({ requestPeer: true });
  ends.client.onWrite = undefined;
  const extracting = server.extractSecrets();
  ends.server.deliver(Uint8Array.of(23, 3, 3, 0, 17, ...new Uint8Array(17)));
  await expect(extracting).rejects.toMatchObject({ kind: "bad-record-mac" });
  ends.server.end();
  expect(await server.closed).toMatchObject({ error: { kind: "bad-record-mac" }, delivery: "peer-ended" });
});

test("a reader that waits is told", async () => {
  const { server } = await two();
  const reading = server.read();
  await server.extractSecrets();
  await expect(reading).rejects.toBeInstanceOf(ApiMisuse);
});
