import type { Agreement } from "../../connection/connection.ts";
import { expectLength, expectSecret } from "../../crypto/results.ts";
import { maxPlaintext } from "../../record/format.ts";
import { wipe } from "../../wire/bytes.ts";
import type { Role } from "../driver.ts";
import { Accepted, Established, NeedsInput, NeedsKeyShares, NeedsSecret, NeedsSignature, type ServerStage } from "../stages.ts";
import type { Context } from "../table.ts";
import { exporterTls12, exporterTls13 } from "../exporters.ts";
import { edges } from "./edges.ts";
import { edgesTls12 } from "./tls12/edges.ts";
import { stepsTls12 } from "./tls12/steps.ts";
import type { At, Settled, State } from "./states.ts";
import { steps } from "./steps.ts";
import { edgesTls13 } from "./tls13/edges.ts";
import { stepsTls13 } from "./tls13/steps.ts";

/** The server as the driver runs it. */
export function serverRole(context: Context): Role<State, ServerStage> {
  return {
    edges: { ...edges, ...edgesTls13, ...edgesTls12 },
    step: (state, input, value) => {
      // The driver has checked that `input` is an edge of `state`; the table's types can't be followed through a union.
      const step = (allSteps[state.kind as keyof typeof allSteps] as Readonly<Record<string, unknown>>)[input];
      return (step as (state: State, value: unknown, context: Context) => State)(state, value, context);
    },
    pause: (state) => {
      switch (state.kind) {
        case "chooseConfig": {
          const { received } = context.link;
          if (received === undefined) throw new TypeError("a config is chosen once");
          return { stage: (turn) => Accepted.make(turn, state.hello, received) };
        }
        case "exchangeKeys": return exchangeKeys(state);
        case "sign": return sign(state);
        case "startShare": return startShare(state);
        case "signShare": return sign(state);
        case "completeShare": return completeShare(state);
        case "expectClientHello": case "expectSecondClientHello": case "expectFinished": case "connected": case "expectClientKeyExchange":
        case "expectChangeCipherSpec": case "expectFinishedTls12": case "connectedTls12":
          throw new TypeError(`${state.kind} is no pause`);
      }
    },
    forget,
    presented: () => undefined,
    ignores: () => false,
    agreement: (state) => {
      if (state.kind === "connected") return agreement(state);
      return state.kind === "connectedTls12" ? agreementTls12(state) : undefined;
    },
    needsInput: (turn) => new NeedsInput(turn),
    established: (connection, output, received) => new Established(connection, output, received),
  };
}

function forget(state: State): void {
  if (state.kind === "sign") {
    state.schedule.end();
    wipe(state.handshakeTraffic.client);
    wipe(state.handshakeTraffic.server);
  } else if (state.kind === "expectChangeCipherSpec" || state.kind === "expectFinishedTls12") {
    wipe(state.master);
    for (const secret of Object.values(state.keys)) wipe(secret);
  } else if (state.kind === "expectFinished") {
    state.schedule.end();
    wipe(state.verifyData);
    wipe(state.clientTraffic);
    wipe(state.exporterSecret);
  }
}

const allSteps = { ...steps, ...stepsTls13, ...stepsTls12 };

type Paused = ReturnType<Role<State, ServerStage>["pause"]>;

function exchangeKeys({ settled, peerShare }: At<"exchangeKeys">): Paused {
  const { group } = settled;
  if (!("respond" in group)) return { stage: (turn) => new NeedsSecret(turn, group, peerShare, undefined) };
  const value = group.respond(peerShare);
  if (value !== undefined) {
    expectLength(value.share, group.shareLength.server, `${group.name} share`);
    expectSecret(value.secret, `${group.name} secret`);
  }
  return { input: "secret", value };
}

function startShare({ settled }: At<"startShare">): Paused {
  const { group } = settled;
  if (!("start" in group)) return { stage: (turn) => new NeedsKeyShares(turn, [group]) };
  const { share, key } = group.start();
  expectLength(share, group.shareLength.client, `${group.name} share`);
  return { input: "key_shares", value: [{ group: group.name, share, key }] };
}

function completeShare({ settled, started, peerShare }: At<"completeShare">): Paused {
  const { group } = settled;
  if (!("complete" in group)) return { stage: (turn) => new NeedsSecret(turn, group, peerShare, started) };
  const secret = group.complete(started.key, peerShare);
  return { input: "secret", value: secret === undefined ? undefined : { secret: expectSecret(secret, `${group.name} secret`) } };
}

function sign({ settled, message }: At<"sign"> | At<"signShare">): Paused {
  const { scheme, credential } = settled.negotiated;
  const { signer } = credential;
  if (!("sign" in signer)) return { stage: (turn) => new NeedsSignature(turn, scheme, message, signer) };
  const value = signer.sign(scheme, message);
  if (!(value instanceof Uint8Array) || value.length === 0) throw new TypeError(`the signer gave no signature for ${scheme}`);
  return { input: "signature", value };
}

function agreement({ settled, exporterSecret }: At<"connected">): Agreement {
  return { ...common(settled, true), exporter: exporterTls13(settled.hash, exporterSecret) };
}

function agreementTls12({ settled, extendedMasterSecret, master, randoms }: At<"connectedTls12">): Agreement {
  const exporter = extendedMasterSecret ? exporterTls12(settled.hash, master, randoms) : undefined;
  return { ...common(settled, extendedMasterSecret), exporter };
}

function common({ settings, negotiated, suite, group, retried }: Settled, extendedMasterSecret: boolean): Omit<Agreement, "exporter"> {
  return {
    info: {
      version: negotiated.version,
      suite: negotiated.suite,
      alpn: negotiated.alpn,
      serverName: negotiated.serverName,
      handshakeKind: retried ? "full-after-retry" : "full",
      group: group.name,
      peer: undefined,
      peerSignatureScheme: undefined,
      ownSignatureScheme: negotiated.scheme,
      extendedMasterSecret,
      maxRecordSize: { send: maxPlaintext, receive: maxPlaintext },
    },
    suite,
    limits: settings.limits,
    truncation: settings.truncation,
  };
}
