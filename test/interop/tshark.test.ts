// What two machines said, as a capture: by our key log Wireshark must open every record, and find in it what was meant.
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { makePair, type Pair, type PairOptions } from "../support/pair.ts";
import { run, versionOf } from "../support/processes.ts";
import { seededNoble, seededNode } from "../support/seeded.ts";

const absent = versionOf("tshark", "--version") === undefined && process.env["SALLYPORT_REQUIRE_PEERS"] === undefined;
const folder = mkdtempSync(join(tmpdir(), "sallyport-tshark-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Packet {
  readonly from: "client" | "server";
  readonly bytes: Uint8Array;
}

/** The whole of a conversation, with what both say in it. */
function conversation(options: PairOptions): { readonly pair: Pair; readonly packets: readonly Packet[] } {
  const pair = makePair(options);
  const { client, server } = pair;
  const packets: Packet[] = [];
  const exchange = (): void => {
    for (let quiet = false; !quiet; ) {
      quiet = true;
      for (const [side, other] of [
        [client, server],
        [server, client],
      ] as const) {
        const bytes = side.take();
        if (bytes.length === 0) continue;
        packets.push({ from: side.role, bytes });
        other.hear(bytes);
        quiet = false;
      }
    }
  };
  const say = (suffix: string): void => {
    client.send(Buffer.from(`client ${suffix}`));
    server.send(Buffer.from(`server ${suffix}`));
    exchange();
  };
  exchange();
  say("at first");
  if (options.version !== "tls1.2") {
    client.sent(client.established.updateKeys({ requestPeer: true }));
    exchange();
    say("under new keys");
    server.sent(server.established.updateKeys());
    client.sent(client.established.updateKeys());
    say("under newer keys");
  }
  client.sent(client.established.close());
  exchange();
  server.sent(server.established.close());
  exchange();
  return { pair, packets };
}

let captures = 0;
/** Lines of tab-separated values, one a packet. */
async function dissect(packets: readonly Packet[], keyLog: readonly string[], fields: readonly string[]): Promise<string> {
  const name = join(folder, `capture-${captures++}`);
  // text2pcap's own form: I or O for the direction, then offsets and bytes.
  const dump = packets.flatMap(({ from, bytes }) =>
    pieces(bytes).map((piece) => `${from === "client" ? "O" : "I"}\n${hexDump(piece)}\n`),
  );
  writeFileSync(`${name}.txt`, dump.join(""));
  writeFileSync(`${name}.keys`, keyLog.map((line) => `${line}\n`).join(""));
  await run("text2pcap", ["-q", "-D", "-4", "10.0.0.1,10.0.0.2", "-T", "50000,443", `${name}.txt`, `${name}.pcap`]);
  const shown = fields.flatMap((field) => ["-e", field]);
  // What was opened of application data comes at the end, in hex.
  const options = ["-o", `tls.keylog_file:${name}.keys`, "-z", "follow,tls,raw,0"];
  return run("tshark", ["-r", `${name}.pcap`, ...options, "-T", "fields", ...shown], "", { timeoutMs: 60_000 });
}
const mostOfPacket = 1400;
function pieces(bytes: Uint8Array): readonly Uint8Array[] {
  const count = Math.ceil(bytes.length / mostOfPacket);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * mostOfPacket, (at + 1) * mostOfPacket));
}
function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)].map((byte) => byte.toString(16).padStart(2, "0"));
    lines.push(`${at.toString(16).padStart(6, "0")} ${row.join(" ")}`);
  }
  return lines.join("\n");
}
const hexOfText = (text: string): string => Buffer.from(text).toString("hex");

const suites = {
  "tls1.3": ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"],
  "tls1.2": [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
  ],
} as const;
// Each suite with one of the providers; the key log is core's, whichever of them there is.
const cases = (["tls1.3", "tls1.2"] as const).flatMap((version) =>
  suites[version].map((suite, at) => {
    const provider = at === 2 ? seededNoble : seededNode;
    const retry = version === "tls1.3" && at === 2;
    const options: PairOptions = { version, provider, clientAuth: at === 1, retry, server: { suites: [suite] } };
    return { name: suite, options };
  }),
);

describe.skipIf(absent).each(cases)("tshark opens all of $name", ({ options }) => {
  const { pair, packets } = conversation(options);
  const fields = ["tls.handshake.type", "tls.alert_message.desc"];
  const said = ["at first", ...(options.version === "tls1.2" ? [] : ["under new keys", "under newer keys"])];

  test.each(["client", "server"] as const)("by the key log of the %s", async (role) => {
    const text = await dissect(packets, pair[role].keyLog, fields);
    for (const each of said) for (const from of ["client", "server"]) expect(text).toContain(hexOfText(`${from} ${each}`));
    const lines = (text.split("=====")[0] ?? "").split("\n").map((line) => line.split("\t"));
    const types = lines.flatMap(([type = ""]) => type.split(",")).filter((type) => type !== "");
    // ClientHello, ServerHello, Certificate, Finished of both; and in TLS 1.3 what is never in clear.
    expect(types).toEqual(expect.arrayContaining(["1", "2", "11", "20"]));
    expect(types.filter((type) => type === "20")).toHaveLength(2);
    if (options.version !== "tls1.2") {
      expect(types).toEqual(expect.arrayContaining(["8", "15"]));
      expect(types.filter((type) => type === "24")).toHaveLength(4);
    }
    const alerts = lines.flatMap(([, alert = ""]) => alert.split(",")).filter((alert) => alert !== "");
    expect(alerts).toEqual(["0", "0"]);
  });

  test("and none of it by a key log of another connection", async () => {
    const other = conversation({ ...options, seed: "another" });
    const text = await dissect(packets, other.pair.client.keyLog, fields);
    for (const each of said) expect(text).not.toContain(hexOfText(`client ${each}`));
  });
});

test.skipIf(absent)("every line of a key log is one that Wireshark knows", () => {
  for (const { options } of cases) {
    for (const line of conversation(options).pair.client.keyLog) {
      const [label = "", random = "", secret = "", ...more] = line.split(" ");
      expect(label).toMatch(/^(CLIENT_RANDOM|(CLIENT|SERVER)_(HANDSHAKE_TRAFFIC_SECRET|TRAFFIC_SECRET_0)|EXPORTER_SECRET)$/);
      expect([random.length, secret.length === 64 || secret.length === 96, more]).toEqual([64, true, []]);
    }
  }
});
