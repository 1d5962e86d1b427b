// After a HelloRetryRequest the next connection to the same server guesses its group right.
import {
  type ClientOptions,
  clientConfig,
  type ClientSessionKey,
  type ClientSessionStore,
  memoryClientSessions,
  type NamedGroup,
} from "@sallyport/core";
import { describe, expect, test } from "vitest";
import { converse, makePair, type PairOptions } from "../support/pair.ts";
import { asyncClientSessions, now, seededNode, trusting } from "../support/seeded.ts";

interface Meeting {
  readonly partition?: string;
  readonly serverName?: string;
  readonly serverGroups?: readonly NamedGroup[];
  readonly client?: Partial<ClientOptions>;
  readonly asynchronous?: boolean;
}

/** One connection: what the handshake was, and for which groups a share was in the first flight. */
function meet(
  sessions: ClientSessionStore,
  { partition = "", serverName = "localhost", serverGroups = ["secp256r1"], client = {}, asynchronous = false }: Meeting = {},
) {
  const shown: string[][] = [];
  const options: PairOptions = {
    asynchronous,
    server: { groups: serverGroups, servesAnyName: true },
    client: { ...client, sessions },
    watch: (stage) => {
      if (stage.kind === "accepted") shown.push(stage.clientHello.keyShareGroups.map(({ name }) => String(name)));
    },
  };
  const pair = makePair({ ...options, serverName, connector: { sessionPartition: partition } });
  converse(pair);
  return { kind: pair.server.established.info.handshakeKind, shares: shown[0], group: pair.server.established.info.group };
}

describe.each([false, true])("asynchronous: %s", (asynchronous) => {
  const store = (): ClientSessionStore => (asynchronous ? asyncClientSessions(memoryClientSessions()) : memoryClientSessions());

  test("the second connection shows a share of the group that was asked for, beside the config's own", () => {
    const sessions = store();
    expect(meet(sessions, { asynchronous })).toMatchObject({ kind: "full-after-retry", shares: ["x25519"] });
    expect(meet(sessions, { asynchronous })).toMatchObject({ kind: "full", shares: ["x25519", "secp256r1"], group: "secp256r1" });
    expect(meet(sessions, { asynchronous })).toMatchObject({ kind: "full" });
  });

  test("a server that takes the config's own again is shown no other any more", () => {
    const sessions = store();
    meet(sessions, { asynchronous });
    const better = { serverGroups: ["x25519", "secp256r1"], asynchronous } as const;
    expect(meet(sessions, better)).toMatchObject({ kind: "full", group: "x25519", shares: ["x25519", "secp256r1"] });
    expect(meet(sessions, better)).toMatchObject({ shares: ["x25519"] });
  });
});

describe("is kept apart by", () => {
  test("server, partition and config", () => {
    const sessions = memoryClientSessions();
    meet(sessions, { partition: "a" });
    expect(meet(sessions, { partition: "b" }).kind).toBe("full-after-retry");
    expect(meet(sessions, { partition: "a", serverName: "elsewhere" }).kind).toBe("full-after-retry");
    expect(meet(sessions, { partition: "a", client: { label: "another" } }).kind).toBe("full-after-retry");
    expect(meet(sessions, { partition: "a" }).kind).toBe("full");
  });
});

test("a handshake that fails behind HelloRetryRequest teaches nothing", () => {
  const sessions = memoryClientSessions();
  const refusing = { ...trusting, verify: () => ({ reason: "not this one" }) };
  const pair = makePair({ server: { groups: ["secp256r1"] }, client: { sessions, verifier: refusing } });
  converse(pair);
  expect(pair.client.failure?.error.kind).toBe("identity-distrusted");
  expect(sessions.groups?.recall({ serverName: "localhost", partition: "", config: "" })).toBeUndefined();
  expect(meet(sessions).kind).toBe("full-after-retry");
});

test("a config that shows no share at all goes on asking, and one that has not the group shows what it has", () => {
  const key: ClientSessionKey[] = [];
  const asked = (group: NamedGroup): ClientSessionStore => ({
    take: () => undefined,
    put: () => {},
    groups: { recall: (given) => (key.push(given), group), remember: () => {} },
  });
  expect(meet(asked("secp256r1"), { client: { keyShares: 0 } })).toMatchObject({ kind: "full-after-retry", shares: [] });
  expect(meet(asked("secp384r1"), { serverGroups: ["x25519"] })).toMatchObject({ kind: "full", shares: ["x25519"] });
  expect(meet(asked("nonsense" as NamedGroup), { serverGroups: ["x25519"] })).toMatchObject({ kind: "full", shares: ["x25519"] });
  expect(key.every(({ serverName, config }) => serverName === "localhost" && config.length === 64)).toBe(true);
});

test("a memory that throws is our own fault", () => {
  const broken = (): never => {
    throw new Error("no memory");
  };
  for (const groups of [
    { recall: broken, remember: () => {} },
    { recall: () => undefined, remember: broken },
  ]) {
    const pair = makePair({
      server: { groups: ["secp256r1"] },
      client: { sessions: { take: () => undefined, put: () => {}, groups } },
    });
    converse(pair);
    expect(pair.client.failure?.error).toMatchObject({ kind: "local-fault", cause: { message: "no memory" } });
  }
});

test("so many servers are remembered as the store's capacity, the longest unused forgotten first", () => {
  const { groups } = memoryClientSessions({ capacity: 3 });
  const key = (serverName: string): ClientSessionKey => ({ serverName, partition: "", config: "" });
  for (const name of ["a", "b", "c"]) groups?.remember(key(name), "secp256r1");
  groups?.recall(key("a"));
  groups?.remember(key("d"), "x25519");
  expect(["a", "b", "c", "d"].map((name) => groups?.recall(key(name)))).toEqual(["secp256r1", undefined, "secp256r1", "x25519"]);
});

test("a store whose memory lacks a method is refused with the config", () => {
  const sessions = { take: () => undefined, put: () => {}, groups: { recall: () => undefined } } as unknown as ClientSessionStore;
  expect(() => clientConfig({ provider: seededNode("a"), now, verifier: trusting, sessions })).toThrow(
    "sessions.groups: lacks recall or remember",
  );
});
