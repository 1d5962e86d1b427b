// The program that BoringSSL's runner starts once a test. 0: nothing wrong was seen; 89: not implemented.
import { appendFileSync } from "node:fs";
import {
  Acceptor,
  ApiMisuse,
  type ClientSessionStore,
  ConfigError,
  Connector,
  ErrorAndAlert,
  type StoredSession,
  type SyncServerSessionStore,
  ticketKeys,
} from "@sallyport/core";
import { clientConfigOf, type Shared, serverConfigOf, type Witness } from "./config.ts";
import { type Crypto, cryptoFor } from "./crypto.ts";
import { EarlyTalk } from "./early.ts";
import { exchange } from "./exchange.ts";
import { checkHandshake, checkHello, checkKept, checkTickets, Unexpected } from "./expectations.ts";
import { type Flags, readCommandLine, Unimplemented } from "./flags.ts";
import { shakeHands } from "./handshake.ts";
import { Line } from "./line.ts";
import { waiting } from "./waiting.ts";

async function main(given: readonly string[]): Promise<number> {
  // The split handshake of BoringSSL's own.
  if (given.includes("-is-handshaker-supported")) {
    console.log("No");
    return 0;
  }
  try {
    return await runTest(given);
  } catch (thrown) {
    if (thrown instanceof Unimplemented) return note(thrown.message);
    if (thrown instanceof Unexpected) return complain(thrown.message);
    if (thrown instanceof ConfigError) {
      const kinds = thrown.problems.map(({ kind }) => kind);
      return kinds.includes("not-supported-here") ? note(thrown.message) : complain(`ConfigError: ${kinds}: ${thrown.message}`);
    }
    return complain(thrown instanceof ApiMisuse ? `ApiMisuse: ${thrown.stack}` : `a bug: ${(thrown as Error).stack}`);
  }
}

async function runTest(given: readonly string[]): Promise<number> {
  const { initial, resume, retry } = readCommandLine(given);
  const { shared, pass } = everythingShared(initial, await cryptoFor([initial, resume]));
  const connections = 1 + (initial.number("resume-count") ?? 0);
  for (let at = 0; at < connections; at++) {
    const flags = at === 0 ? initial : resume;
    const failure = await runConnection(flags, at > 0 ? retry : undefined, shared);
    if (failure !== undefined) return complain(failure);
    pass(flags.number("resumption-delay") ?? 0);
  }
  return 0;
}

/** @param pass moves the clock, in seconds. */
function everythingShared(flags: Flags, crypto: Crypto): { readonly shared: Shared; readonly pass: (seconds: number) => void } {
  // It stands still between: the runner looks at ages to the millisecond.
  let time = Date.now();
  const now = (): number => time;
  const sessions: StoredSession[] = [];
  const last = { take: () => sessions.pop(), put: (_: unknown, session: StoredSession) => void sessions.push(session) };
  const clientSessions: ClientSessionStore = flags.has("async") ? waiting.clientSessions(last) : last;
  const states = new Map<string, Uint8Array>();
  const keptSessions: SyncServerSessionStore = {
    find: (id) => states.get(Buffer.from(id).toString("hex")),
    put: (id, { state }) => void states.set(Buffer.from(id).toString("hex"), state),
  };
  const sealedSessions = ticketKeys({ random: crypto.provider.random, now });
  return {
    shared: { ...crypto, now, clientSessions, sealedSessions, keptSessions },
    pass: (seconds) => {
      time += seconds * 1000;
    },
  };
}

/** @param retry of a resumption: what goes for a client whose early data were rejected. @returns what went wrong. */
async function runConnection(flags: Flags, retry: Flags | undefined, shared: Shared): Promise<string | undefined> {
  const witness: Witness = { selected: undefined, presented: undefined, retry, asked: undefined, kept: false };
  // A config is made before anything is said: what can't be is found here.
  const isServer = flags.has("server");
  const server = isServer ? serverConfigOf(flags, shared, witness) : undefined;
  const client = isServer ? undefined : clientConfigOf(flags, shared, witness);
  const line = await Line.open(flags.number("port") ?? 0, flags.number("shim-id") ?? 0, flags.has("ipv6"), flags.has("async"));
  try {
    // Without a name the runner's certificates are taken for an address's, and no SNI is sent.
    const name = flags.text("host-name") ?? "127.0.0.1";
    const first = client === undefined ? new Acceptor().start() : new Connector(client, name).start();
    const early = new EarlyTalk();
    const reached = await shakeHands(first, line, flags, early, (hello) => {
      checkHello(hello, flags);
      if (server === undefined) throw new TypeError("a client was asked to accept");
      return server(hello);
    });
    if (reached instanceof ErrorAndAlert) return describe(reached);
    if ("earlyData" in reached) early.outcome = reached.earlyData;
    early.check(flags);
    const isRejected = client !== undefined && typeof early.outcome === "object";
    const rest = isRejected && retry !== undefined ? retry : flags;
    if (isRejected) early.check(rest);
    checkHandshake(reached.connection.info, rest, retry !== undefined, witness);
    const { failure, events } = await exchange(reached, line, rest, early, shared.provider);
    if (failure !== undefined) return describe(failure);
    if (client === undefined && retry === undefined) checkKept(witness, rest);
    if (client !== undefined) checkTickets(events, reached.connection.info, rest);
    return undefined;
  } finally {
    await line.end();
  }
}

/** In words that the error map finds. */
function describe({ error, alert }: ErrorAndAlert): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : "";
  return `${error.kind}: ${error.message}\n${alert.kind === "alert" ? alert.description : `no alert: ${alert.reason}`}${cause}`;
}

function complain(words: string): number {
  console.error(words);
  return 1;
}

/** For the command, which counts by what the shim lacks. */
function note(lack: string): number {
  const notes = process.env["BOGO_NOTES"];
  if (notes !== undefined) appendFileSync(notes, `${lack}\n`);
  return 89;
}

process.exit(await main(process.argv.slice(2)));
