// What a server's application attaches to its sessions, and reads when they are resumed.
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import {
  dangerousAssertVerified,
  type ProtocolVersion,
  type ServerOptions,
  type SessionMaker,
  type SyncVerifier,
} from "@sallyport/core";
import { Acquaintance } from "../support/acquaintance.ts";
import { fatalAlertsOf } from "../support/outcome.ts";
import { makeConfigs } from "../support/pair.ts";
import { keptSessions, seededCredential } from "../support/seeded.ts";

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString();
const versions: readonly ProtocolVersion[] = ["tls1.3", "tls1.2"];
const worlds = versions.flatMap((version) => (["sealed", "kept"] as const).map((way) => ({ version, way })));

describe.each(worlds)("in $version, sessions $way", ({ version, way }) => {
  const begin = (sessionData: ServerOptions["sessionData"], server: Partial<ServerOptions> = {}, client = {}): Acquaintance =>
    new Acquaintance(
      {
        server: { ...(sessionData && { sessionData }), ...(way === "kept" ? { sessions: keptSessions() } : {}), ...server },
        client,
      },
      [version],
    );
  const dataOf = ({ pair }: ReturnType<Acquaintance["meet"]>) => [
    text(pair.server.established.info.sessionData),
    pair.client.established.info.sessionData,
  ];

  test("they come back with the session, at the server alone", () => {
    const two = begin(() => Buffer.from("user 17"));
    expect(dataOf(two.meet())).toEqual([undefined, undefined]);
    expect(dataOf(two.meet())).toEqual(["user 17", undefined]);
  });

  test("the application is asked once a handshake, and told who the client is", () => {
    const asked: SessionMaker[] = [];
    const verifier: SyncVerifier = {
      label: "all",
      schemes: ["ed25519"],
      verify: (presented) => dangerousAssertVerified(presented, { names: ["me"] }),
    };
    const two = begin(
      (maker) => {
        asked.push(maker);
        return Buffer.from(`record of ${maker.peer?.names[0]}`);
      },
      { clientAuthentication: { mode: "required", verifier } },
      { credentials: [seededCredential("a client")] },
    );
    two.meet();
    expect(asked).toMatchObject([{ version, alpn: "sally/1", serverName: "localhost", sessionData: undefined }]);
    expect(dataOf(two.meet())[0]).toBe("record of me");
    // TLS 1.2 makes no session behind a resumption.
    expect(asked.map(({ sessionData }) => text(sessionData))).toEqual(
      version === "tls1.3" ? [undefined, "record of me"] : [undefined],
    );
  });

  test("nothing, or no bytes, are no data", () => {
    for (const nothing of [() => undefined, () => new Uint8Array(0)]) {
      const two = begin(nothing);
      two.meet();
      const again = two.meet();
      expect([again.client, ...dataOf(again)]).toEqual(["resumed", undefined, undefined]);
    }
  });

  test("what is given is copied, and as much as the limit says", () => {
    const given = new Uint8Array(4096).fill(5);
    const two = begin(() => given);
    two.meet();
    given.fill(0);
    const { pair, server } = two.meet();
    expect([server, pair.server.established.info.sessionData]).toEqual(["resumed", new Uint8Array(4096).fill(5)]);
  });

  test.each<[string, () => unknown]>([
    ["too many bytes", () => new Uint8Array(4097)],
    ["text", () => "text"],
    ["a number", () => 7],
    ["null", () => null],
    ["a promise", () => Promise.resolve(new Uint8Array(1))],
    [
      "an error",
      () => {
        throw new Error("the database is away");
      },
    ],
  ])("%s instead is a fault of ours, and is told so", (_, wrong) => {
    const { pair } = begin(wrong as NonNullable<ServerOptions["sessionData"]>).meet();
    expect(pair.server.failure?.error.kind).toBe("local-fault");
    expect(fatalAlertsOf(pair.server)).toEqual([{ level: 2, description: 80 }]);
  });

  test("a client without sessions is asked nothing for, and a full handshake brings nothing of another's", () => {
    let asked = 0;
    const sessionData = () => Buffer.from(`${++asked}`);
    const two = begin(sessionData);
    two.meet({ client: { sessions: undefined as never } });
    expect(asked).toBe(version === "tls1.2" && way === "kept" ? 1 : 0);
    two.meet();
    expect(dataOf(two.meet({ server: { label: "another" } }))).toEqual([undefined, undefined]);
  });
});

test("in TLS 1.3 they go on as long as the application returns them", () => {
  let meeting = 0;
  const two = new Acquaintance(
    { server: { sessionData: ({ sessionData }) => sessionData ?? Buffer.from(`since meeting ${meeting}`) } },
    ["tls1.3"],
  );
  for (; meeting < 4; meeting++) {
    const { pair } = two.meet();
    expect(text(pair.server.established.info.sessionData)).toBe(meeting === 0 ? undefined : "since meeting 0");
  }
});

test("they are nothing that a passer-by reads in a sealed ticket", () => {
  for (const version of versions) {
    const two = new Acquaintance({ server: { sessionData: () => Buffer.from("a word that is nobody's business") } }, [version]);
    const { pair } = two.meet();
    const again = two.meet();
    for (const side of [pair.client, pair.server, again.pair.client, again.pair.server]) {
      expect(Buffer.from(side.output).includes("nobody's business")).toBe(false);
    }
  }
});

test("a config takes a function and nothing else", () => {
  expect(() => makeConfigs({ server: { sessionData: new Uint8Array(3) as never } })).toThrow(
    expect.objectContaining({
      name: "ConfigError",
      problems: [expect.objectContaining({ kind: "wrong-type", path: "sessionData" })],
    }),
  );
  expect(inspect(makeConfigs({ server: { sessionData: () => Buffer.from("secret") } }).server.config)).not.toContain("secret");
});
