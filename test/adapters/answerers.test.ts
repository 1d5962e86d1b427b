// Whoever is asked while a handshake waits may never answer, answer too late, throw, or give nonsense: the peer is told, the
// timeout holds, and nothing is left behind. The machine is the real one at both ends.
import {
  Acceptor,
  type AsyncClientSessionStore,
  type AsyncSigner,
  type AsyncVerifier,
  type ClientConfig,
  type ClientOptions,
  Connector,
  type CredentialPicker,
  type ServerConfig,
  type ServerOptions,
  type SyncVerifier,
  ticketKeys,
} from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { drive } from "@sallyport/drive";
import { clientVerifier, credential, serverVerifier } from "@sallyport/x509";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { settled, VirtualClock } from "../support/clock.ts";
import { client, server } from "../support/endpoints.ts";
import { makePki } from "../support/pki.ts";
import { simulatedPair } from "../support/simulated-transport.ts";

const pki = await makePki();
const leaf = await pki.leaf();
const own = await pki.leaf({ usage: "client" });
const ownCredential = credential({ chain: own.chainPem, signer: signer(own.keyPem) });
const sessions = ticketKeys({ random: (length) => node.random(length), now: Date.now });

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => void process.on("unhandledRejection", note));
afterEach(() => {
  process.off("unhandledRejection", note);
  expect(unhandled.splice(0)).toEqual([]);
});

/** How an answer comes; `right` is the one that is due. */
type Manner = (right: () => unknown, wait: Late) => Promise<unknown>;
class Late {
  #settle: (() => void)[] = [];
  /** When all is over. */
  until(call: () => void): void {
    this.#settle.push(call);
  }
  come(): void {
    for (const call of this.#settle) call();
  }
}
const manners: Readonly<Record<string, Manner>> = {
  "never answers": () => new Promise(() => {}),
  "answers when all is over": (right, late) => new Promise((resolve) => late.until(() => resolve(right()))),
  "rejects when all is over": (_, late) => new Promise((_resolve, reject) => late.until(() => reject(new Error("too late")))),
  throws: () => {
    throw new Error("out of order");
  },
  rejects: () => Promise.reject(new Error("out of order")),
  "rejects with nothing": () => Promise.reject(undefined),
  "gives a number": async () => 7,
};
const isTimeout = (manner: string): boolean => manner.startsWith("never") || manner.endsWith("over");

// Answers that are whatever a manner gives, in places whose types say what they should be.
const asked = <Answer>(manner: Manner, late: Late, right: () => unknown): Promise<Answer> =>
  manner(right, late) as Promise<Answer>;

interface Configs {
  readonly client: ClientConfig;
  readonly server: ServerConfig;
  /** Whose answerer it is. */
  readonly faulty: "client" | "server";
}
const authentication = { mode: "required", verifier: clientVerifier({ provider: node, roots: pki.ca.pem }) } as const;
const toldVerifier = ({ schemes, label, verify }: SyncVerifier, manner: Manner, late: Late): AsyncVerifier => ({
  schemes,
  label,
  verifyAsync: (presented) => asked(manner, late, () => verify(presented)),
});
type Options = Partial<ServerOptions> & Partial<ClientOptions>;
const answerers: Readonly<Record<string, (manner: Manner, late: Late, common: Pick<Options, "versions">) => Configs>> = {
  "a server's signer": (manner, late, common) => {
    const { schemes, publicKey, sign } = signer(leaf.keyPem);
    const faulty: AsyncSigner = {
      schemes,
      publicKey,
      signAsync: (scheme, message) => asked(manner, late, () => sign(scheme, message)),
    };
    const credentials = [credential({ chain: leaf.chainPem, signer: faulty })] as const;
    return { client: client(common), server: server({ ...common, credentials }), faulty: "server" };
  },
  "a client's verifier": (manner, late, common) => {
    const verifier = toldVerifier(serverVerifier({ provider: node, roots: pki.ca.pem }), manner, late);
    return { client: client({ ...common, verifier }), server: server(common), faulty: "client" };
  },
  "a server's verifier of clients": (manner, late, common) => {
    const verifier = toldVerifier(authentication.verifier, manner, late);
    return {
      client: client({ ...common, credentials: [ownCredential] }),
      server: server({ ...common, clientAuthentication: { ...authentication, verifier } }),
      faulty: "server",
    };
  },
  "a client's picker": (manner, late, common) => {
    const credentials: CredentialPicker = { pickAsync: () => asked(manner, late, () => ownCredential) };
    return {
      client: client({ ...common, credentials }),
      server: server({ ...common, clientAuthentication: authentication }),
      faulty: "client",
    };
  },
  "a client's store of sessions": (manner, late, common) => {
    const store: AsyncClientSessionStore = { takeAsync: () => asked(manner, late, () => undefined), putAsync: async () => {} };
    return { client: client({ ...common, sessions: store }), server: server({ ...common, sessions }), faulty: "client" };
  },
};

const cases = (["tls1.3", "tls1.2"] as const).flatMap((version) => Object.keys(answerers).map((who) => ({ version, who })));
describe.each(cases)("$who, $version", ({ who, version }) => {
  test.each(Object.keys(manners))("%s", async (manner) => {
    const late = new Late();
    const clock = new VirtualClock();
    const ends = simulatedPair();
    const configs = answerers[who]?.(manners[manner] ?? ((right) => Promise.resolve(right())), late, { versions: [version] });
    if (configs === undefined) throw new Error(who);
    // The other one is more patient.
    const patience = (role: "client" | "server"): number => (role === configs.faulty ? 10_000 : 20_000);
    const serverOptions = { clock, handshakeTimeoutMs: patience("server") };
    const serving = drive(ends.server, new Acceptor().start(), { accept: () => configs.server }, serverOptions);
    const clientOptions = { clock, handshakeTimeoutMs: patience("client") };
    const asking = drive(ends.client, new Connector(configs.client, "localhost").start(), {}, clientOptions);
    for (let turn = 0; turn < 20; turn++) await clock.turn();
    if (isTimeout(manner)) await clock.advance(9_900);
    if (isTimeout(manner)) expect([ends.client.destroyed, ends.server.destroyed]).toEqual([false, false]);
    await clock.advance(20_000);
    const outcomes = { client: await asking, server: await serving };
    const outcome = outcomes[configs.faulty];
    // The store is asked before the first hello: nobody is there yet who could be told. A client that has the server's Finished is
    // established, and must not take the end of what it does not know of for an orderly one.
    const cancelled = who === "a server's verifier of clients" && version === "tls1.3" ? "internal_error" : "user_canceled";
    const told = (alert: string): object =>
      who === "a client's store of sessions" ? { kind: "none", due: alert } : { description: alert };
    expect(outcome).toMatchObject({
      kind: "failed",
      failure: isTimeout(manner)
        ? { error: { kind: "aborted", context: { by: "timeout" } }, alert: told(cancelled) }
        : { alert: told("internal_error") },
    });
    // What late answers do nobody sees.
    const before = ends[configs.faulty].log.length;
    late.come();
    await settled();
    await clock.advance(5_000);
    expect(ends[configs.faulty].log.length).toBe(before);
    for (const stream of Object.values(outcomes)) if (stream.kind === "established") void stream.stream.abort("cancelled");
    await clock.advance(5_000);
    expect(clock.pending).toBe(0);
    expect([ends.client.destroyed, ends.server.destroyed]).toEqual([true, true]);
  });
});

test.each([
  ["rejects", () => Promise.reject(new Error("full"))],
  [
    "throws",
    () => {
      throw new Error("full");
    },
  ],
  ["never answers", () => new Promise<void>(() => {})],
] as const)("a store that %s when it is given a session harms no connection, at either end", async (_, putAsync) => {
  const clock = new VirtualClock();
  const ends = simulatedPair();
  const store: AsyncClientSessionStore = { takeAsync: async () => undefined, putAsync };
  const config = server({ sessions: { findAsync: async () => [], putAsync } });
  const serving = drive(ends.server, new Acceptor().start(), { accept: () => config }, { clock });
  const asking = drive(ends.client, new Connector(client({ sessions: store }), "localhost").start(), {}, { clock });
  for (let turn = 0; turn < 20; turn++) await clock.turn();
  const [theirs, ours] = [await serving, await asking];
  if (theirs.kind !== "established" || ours.kind !== "established") throw new Error("no connection");
  await theirs.stream.write(Buffer.from("hello"));
  expect(Buffer.from((await ours.stream.read()) ?? []).toString()).toBe("hello");
  void ours.stream.abort("cancelled");
  void theirs.stream.abort("cancelled");
  await clock.advance(10_000);
  expect(clock.pending).toBe(0);
});
