// What the two doors take, how often they open, and a ClientHello that is read without either.
import { describe, expect, test } from "vitest";
import { Acceptor, Connector, readClientHello, type ServerStage } from "@sallyport/core";
import { converse, makeConfigs, makePair } from "../support/pair.ts";
import { decodeClientHello } from "../../packages/core/src/wire/client-hello.ts";

const { config } = makeConfigs().client;
const misuse = (code: string): unknown => expect.objectContaining({ name: "ApiMisuse", code });
const hello = (name = "localhost", options: object = {}): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(new Connector(config, name, options).start().output.subarray(5));

describe("an Acceptor", () => {
  test.each(["maxClientHello", "maxReceived"])("takes as %s a number of bytes, 64 or more", (name) => {
    for (const bytes of [64, 65, 2 ** 20]) expect(new Acceptor({ [name]: bytes }).start().kind).toBe("needs-input");
    for (const wrong of [63, 0, -1, 64.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "100", null, {}]) {
      expect(() => new Acceptor({ [name]: wrong as number })).toThrow(misuse("bad-argument"));
    }
    expect(new Acceptor({ [name]: undefined as never }).start().kind).toBe("needs-input");
  });

  test("starts one connection", () => {
    const acceptor = new Acceptor();
    acceptor.start();
    expect(() => acceptor.start()).toThrow(misuse("spent-stage"));
  });

  test("takes 64 KiB on the wire, up to the end of the hello, where nobody says otherwise", () => {
    // A record of one byte is six on the wire. The hello is announced as 16,000 bytes.
    const begun = [1, 0, 0x3e, 0x7c].flatMap((byte) => [22, 3, 3, 0, 1, byte]);
    const more = (count: number): number[] => Array.from({ length: count }, () => [22, 3, 3, 0, 1, 0]).flat();
    const open = new Acceptor().start().receive(Uint8Array.from([...begun, ...more(10_918)]));
    if (open.kind !== "needs-input") throw new Error(open.kind);
    const context = { limit: "received", allowed: 65_536, received: 65_538 };
    expect(open.receive(Uint8Array.from(more(1)))).toMatchObject({ error: { kind: "limit-exceeded", context } });
  });
});

describe("behind the first door", () => {
  const accepted = () => {
    const stage = new Acceptor().start().receive(Uint8Array.from(new Connector(config, "localhost").start().output));
    if (stage.kind !== "accepted") throw new Error(stage.kind);
    return stage;
  };
  test("a hello may be refused with any fatal alert, and a reason of one's own", () => {
    const refused = accepted().reject("access_denied", "not today");
    expect(refused).toMatchObject({
      error: { kind: "aborted", context: { by: { alert: "access_denied", reason: "not today" } } },
      alert: { kind: "alert", level: "fatal", description: "access_denied" },
    });
    expect([...refused.output]).toEqual([21, 3, 3, 0, 2, 2, 49]);
    expect(accepted().reject("unrecognized_name").error.message).toContain("the application refused the ClientHello");
  });
  test("nobody chooses twice, or refuses what was chosen; and what was refused stays so", () => {
    const stage = accepted();
    stage.choose(makeConfigs().server.config);
    for (const call of [() => stage.choose(makeConfigs().server.config), () => stage.reject("access_denied")])
      expect(call).toThrow(misuse("spent-stage"));
    const other = accepted();
    const { error } = other.reject("access_denied");
    expect(other.reject("unrecognized_name")).toMatchObject({ error, output: new Uint8Array(0) });
    expect(other.choose(makeConfigs().server.config)).toMatchObject({ kind: "failed", error });
  });
});

describe("a stage", () => {
  test("of a failed connection gives the failure, whatever it is asked and with whatever argument", () => {
    const first = new Acceptor().start();
    const accepted = first.receive(Uint8Array.from(new Connector(config, "localhost").start().output));
    if (accepted.kind !== "accepted") throw new Error(accepted.kind);
    const { error } = accepted.abort("cancelled");
    const wrong = 7 as never;
    const calls = [
      () => first.receive(wrong),
      () => first.receiveEnd(),
      () => accepted.choose(wrong),
      () => accepted.reject(wrong),
    ];
    for (const call of calls) expect(call()).toMatchObject({ kind: "failed", error, output: new Uint8Array(0) });
  });
  test.each(["needs-verdict", "early-data"] as const)("that is %s does so too", (kind) => {
    let failed = 0;
    const pair = makePair({
      asynchronous: true,
      resumed: "stored",
      early: [new Uint8Array(3)],
      client: { reverifyOnResume: true },
      watch: (stage) => {
        if (stage.kind !== kind) return;
        const { error } = stage.abort("cancelled");
        const wrong = 7 as never;
        const again = stage.kind === "early-data" ? stage.exportEarlyKeyingMaterial(wrong, wrong, 0) : stage.distrust(wrong);
        expect(again).toMatchObject({ kind: "failed", error });
        failed++;
      },
    });
    converse(pair);
    expect(failed).toBe(1);
  });
  test("is spent while it is answered: who is called in between finds it so", () => {
    const found: unknown[] = [];
    const { config: served } = makeConfigs({
      server: {
        trace: () => {
          try {
            if (stage.kind === "accepted") stage.choose(served);
          } catch (thrown) {
            found.push(thrown);
          }
        },
      },
    }).server;
    const stage: ServerStage = new Acceptor().start().receive(Uint8Array.from(new Connector(config, "localhost").start().output));
    if (stage.kind !== "accepted") throw new Error(stage.kind);
    expect(stage.choose(served).kind).toBe("needs-input");
    expect(found.length).toBeGreaterThan(3);
    for (const thrown of found) expect(thrown).toEqual(misuse("spent-stage"));
  });
});

describe("a Connector", () => {
  test("takes what clientConfig() made, and starts one connection", () => {
    for (const wrong of [undefined, null, {}, { ...config }]) {
      expect(() => new Connector(wrong as typeof config, "localhost")).toThrow(misuse("bad-argument"));
    }
    const connector = new Connector(config, "localhost");
    connector.start();
    expect(() => connector.start()).toThrow(misuse("spent-stage"));
  });

  const long = `${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(61)}`;
  test.each([
    "localhost",
    "a",
    "a.b",
    "_service.example",
    "-".padStart(2, "a"),
    "xn--bcher-kva.example",
    "UPPER.example",
    "a".repeat(63),
    long,
    `${long}.`,
    "example.",
  ])("says a name of DNS in its hello, without the dot of the root: %s", (name) => {
    expect(decodeClientHello(hello(name)).serverName).toBe(name.replace(/\.$/, "").toLowerCase());
  });
  test.each(["192.0.2.1", "2001:db8::1", "::1", "::", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8", "fe80::1%eth0"])(
    "takes an address, and does not say it: %s",
    (name) => {
      expect(decodeClientHello(hello(name)).serverName).toBeUndefined();
    },
  );
  test.each([
    "",
    ".",
    "..",
    "example..",
    ".example",
    "a..b",
    "-a.example",
    "a.-b",
    "a".repeat(64),
    `b.${"a".repeat(64)}`,
    `${long}d`,
    `${long}dd`,
    `${long}d.`,
    "bücher.example",
    "a b",
    "a\nb",
    "a\n",
    "\na",
    "https://localhost",
    "localhost:443",
    "192.0.2.1:443",
    "abc:443",
    "[::1]",
    "[::1]:443",
    "::1%",
    "https://::1",
    "x::1",
    "::1 ",
    "a::g",
    ":",
    undefined,
    null,
    7,
    {},
  ])("takes nothing that is neither: %j", (name) => {
    expect(() => new Connector(config, name as string)).toThrow(misuse("bad-argument"));
  });

  test("takes protocols of its own, and a partition that is a string", () => {
    expect(decodeClientHello(hello("localhost", { alpn: ["two", "one"] })).alpn).toEqual(["two", "one"]);
    expect(decodeClientHello(hello()).alpn).toEqual(["sally/1"]);
    for (const options of [
      { alpn: [""] },
      { alpn: "h2" },
      { alpn: ["a", "a"] },
      { sessionPartition: 443 },
      { sessionPartition: null },
    ]) {
      expect(() => new Connector(config, "localhost", options as never)).toThrow(misuse("bad-argument"));
    }
  });

  test("has its label in every error, and nowhere else", () => {
    const stage = new Connector(config, "localhost", { label: "the 7th" }).start();
    expect(Buffer.from(stage.output).includes("the 7th")).toBe(false);
    expect(stage.abort("cancelled").error.label).toBe("the 7th");
    expect(new Connector(config, "localhost").start().abort("cancelled").error.label).toBeUndefined();
  });
});

describe("readClientHello", () => {
  test("gives what a machine would have read, and keeps nothing of the bytes", () => {
    const raw = hello();
    const read = readClientHello(raw);
    if (read.kind !== "read") throw new Error(read.kind);
    expect(read.clientHello.serverName).toBe("localhost");
    const copied = Uint8Array.from(raw);
    raw.fill(0);
    expect(read.clientHello.raw).toEqual(copied);
  });

  test("gives the peer's fault as a value, and ours as one of ours", () => {
    const cut = readClientHello(hello().subarray(0, 20));
    expect(cut).toMatchObject({
      kind: "malformed",
      error: { kind: "malformed-message", fault: "peer", phase: "client-hello", finishedSent: false },
    });
    const wrong = readClientHello(undefined as never);
    expect(wrong).toMatchObject({ kind: "malformed", error: { kind: "local-fault", context: { step: "readClientHello" } } });
  });
});
