import { alertNames } from "../../packages/core/src/wire/iana.ts";
import { dangerousAssertVerified } from "@sallyport/core";
import {
  identity,
  type Outcome,
  ScriptedClient,
  type ScriptedClientOptions,
  type ScriptedPeer,
  ScriptedServer,
  types,
} from "../support/scripted-peer.ts";
import { resumingClient, resumingServer } from "./sessions.ts";

/** A row's stimulus: the peers that have given it, or what a test of a property has found out. */
export type Stimulus = () => readonly (ScriptedPeer | Outcome)[];
export type Stimuli = Readonly<Record<string, Stimulus>>;

/**
 * What the machine has told this peer: the name of its alert, `warning:` before one that is no error, `close` for a failure without
 * one, `none` if it goes on. That it does so, or that nothing more comes, is tried here.
 */
export function outcomeOf(peer: ScriptedPeer): Outcome {
  const { machine, where } = peer;
  expectStimulus(peer);
  if (machine.failure === undefined) {
    peer.proceed();
    expectCompatibilityMode(peer);
    return { machine: machine.role, where, told: peer.alerts.length === 0 ? "none" : told(peer) };
  }
  const { error, alert } = machine.failure;
  if (error.kind === "local-fault" && !(error.cause instanceof Expected))
    throw new Error(`a fault of ours: ${error.message}`, { cause: error.cause });
  const before = peer.heard.length;
  expectEqual(machine.receive(Uint8Array.of(23, 3, 3, 0, 1, 0)).length, 0, "bytes behind a failure");
  expectEqual(peer.heard.length, before, "records behind a failure");
  expectCompatibilityMode(peer);
  const said = told(peer);
  expectEqual(
    said === "close" ? "none" : said.replace("warning:", ""),
    alert.kind === "none" ? "none" : alert.description,
    "the alert of the failure",
  );
  return { machine: machine.role, where, told: said };
}

/** RFC 9846, Appendix E.4: one change_cipher_spec a connection, ahead of whatever is the first to be protected. */
function expectCompatibilityMode(peer: ScriptedPeer): void {
  if (!(peer instanceof ScriptedClient || peer instanceof ScriptedServer)) return;
  const { sessionId } = peer instanceof ScriptedClient ? peer.hello : peer;
  const firstProtected = peer.heard.findIndex(({ under }) => under !== "plaintext");
  if (firstProtected < 0) return;
  const before = peer.heard.slice(0, firstProtected).filter(({ kind }) => kind === "change_cipher_spec");
  const all = peer.heard.filter(({ kind }) => kind === "change_cipher_spec");
  const due = sessionId.length > 0 ? 1 : 0;
  expectEqual(before.length, due, "change_cipher_spec before what is protected");
  expectEqual(all.length, due, "change_cipher_spec in all");
}

/** What an answerer of a test throws. */
export class Expected extends Error {}

/** Instead of the alert something else about this run. */
export function found(peer: ScriptedPeer, told: string): Outcome {
  expectStimulus(peer);
  return { machine: peer.machine.role, where: peer.where, told };
}

/** A machine that nothing was done to has passed no test. */
function expectStimulus({ machine, where }: ScriptedPeer): void {
  if (machine.turns === 0) throw new Error(`no stimulus for the ${machine.role} at ${where}`);
}

export function expectEqual<Value>(actual: Value, expected: Value, what: string): void {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)} instead of ${String(expected)}`);
}

/** The machine's: by it the peer may be established, and has no handshake left that could be cancelled (disputed.md, ALT-013). */
export const heardFinished = ({ heard }: ScriptedPeer): boolean =>
  heard.some(({ kind, bytes }) => kind === "handshake" && bytes[0] === types.finished);

/** The alerts' names as they came. */
export function told(peer: ScriptedPeer): string {
  const names = peer.alerts.map(({ bytes }) => {
    expectEqual(bytes.length, 2, "the length of an alert");
    const [level = 0, id = 0] = bytes;
    const name = alertNames.get(id) ?? `alert ${id}`;
    return level === 2 ? name : `warning:${name}`;
  });
  const [first = "close", ...more] = names;
  if (peer.alerts.length > 0) expectEqual(peer.heard.at(-1)?.kind, "alert", "what was heard last");
  if (more.length > 0) expectEqual(names.join(" "), "warning:user_canceled warning:close_notify", "the alerts");
  return first;
}

// ── Peers in the states that rows speak of ──────────────────────────────────────────────────────────────────────────

/** Shows a certificate to a server that asks for one, and trusts everybody. */
export const showing: ScriptedClientOptions = {
  config: {
    clientAuthentication: {
      mode: "required",
      verifier: { schemes: ["ecdsa_secp256r1_sha256"], label: "trusts", verify: dangerousAssertVerified },
    },
  },
  shows: identity,
};
const clientStates = ["WAIT_EE", "WAIT_CERT_CR", "WAIT_CERT", "WAIT_CV", "WAIT_FINISHED"] as const;

/** The machine has no keys yet. */
export const inClear = (): ScriptedPeer[] => [
  new ScriptedClient().to("START"),
  new ScriptedClient({ shares: [] }).to("RETRIED"),
  new ScriptedServer().to("WAIT_SH"),
  new ScriptedServer().to("WAIT_SH_AGAIN"),
];
/** The machine reads under handshake keys. */
export const underHandshakeKeys = (): ScriptedPeer[] => [
  new ScriptedClient().to("WAIT_FINISHED"),
  new ScriptedClient({ shares: [] }).to("WAIT_FINISHED"),
  ...(["WAIT_CERT", "WAIT_CV", "WAIT_FINISHED"] as const).map((state) => new ScriptedClient(showing).to(state)),
  resumingClient().to("WAIT_FINISHED"),
  ...(["WAIT_EE", "WAIT_FINISHED"] as const).map((state) => resumingServer().to(state)),
  ...clientStates.map((state) => new ScriptedServer().to(state)),
];
export const connected = (): ScriptedPeer[] => [
  new ScriptedClient().to("CONNECTED"),
  new ScriptedServer().to("CONNECTED"),
  resumingClient().to("CONNECTED"),
  resumingServer().to("CONNECTED"),
];
export const underKeys = (): ScriptedPeer[] => [...underHandshakeKeys(), ...connected()];
export const inHandshake = (): ScriptedPeer[] => [...inClear(), ...underHandshakeKeys()];
export const anywhere = (): ScriptedPeer[] => [...inHandshake(), ...connected()];

/** Each variant on a peer of its own. */
export function each<Variant, Peer extends ScriptedPeer>(
  variants: readonly Variant[],
  peers: () => readonly Peer[],
  say: (peer: Peer, variant: Variant) => void,
): Peer[] {
  return variants.flatMap((variant) =>
    peers().map((peer) => {
      say(peer, variant);
      return peer;
    }),
  );
}
export function all<Peer extends ScriptedPeer>(peers: readonly Peer[], say: (peer: Peer) => void): readonly Peer[] {
  for (const peer of peers) say(peer);
  return peers;
}
