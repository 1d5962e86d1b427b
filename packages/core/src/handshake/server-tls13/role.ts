import type { Agreement } from "../../connection/connection.ts";
import { expectLength, expectSecret } from "../../crypto/results.ts";
import { maxPlaintext } from "../../record/format.ts";
import { wipe } from "../../wire/bytes.ts";
import type { Role } from "../driver.ts";
import { Accepted, Established, NeedsInput, NeedsSecret, NeedsSignature, type ServerStage } from "../stages.ts";
import type { Context } from "../table.ts";
import { edges } from "./edges.ts";
import type { At, State } from "./states.ts";
import { steps } from "./steps.ts";

/** The server of TLS 1.3 as the driver runs it. */
export function serverRole(context: Context): Role<State, ServerStage> {
  return {
    edges,
    step: (state, input, value) => {
      // The driver has checked that `input` is an edge of `state`; the table's types can't be followed through a union.
      const step = (steps[state.kind as keyof typeof steps] as Readonly<Record<string, unknown>>)[input];
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
        case "expectClientHello": case "expectSecondClientHello": case "expectFinished": case "connected":
          throw new TypeError(`${state.kind} is no pause`);
      }
    },
    forget,
    presented: () => undefined,
    agreement: (state) => (state.kind === "connected" ? agreement(state) : undefined),
    needsInput: (turn) => new NeedsInput(turn),
    established: (connection, output, received) => new Established(connection, output, received),
  };
}

function forget(state: State): void {
  if (state.kind === "sign") {
    state.schedule.end();
    wipe(state.handshakeTraffic.client);
    wipe(state.handshakeTraffic.server);
  } else if (state.kind === "expectFinished") {
    state.schedule.end();
    wipe(state.verifyData);
    wipe(state.clientTraffic);
    wipe(state.exporterSecret);
  }
}

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

function sign({ settled, signer, message }: At<"sign">): Paused {
  const { scheme } = settled.negotiated;
  if (!("sign" in signer)) return { stage: (turn) => new NeedsSignature(turn, scheme, message, signer) };
  const value = signer.sign(scheme, message);
  if (!(value instanceof Uint8Array) || value.length === 0) throw new TypeError(`the signer gave no signature for ${scheme}`);
  return { input: "signature", value };
}

function agreement({ settled, exporterSecret }: At<"connected">): Agreement {
  const { settings, negotiated, suite, hash, group, retried } = settled;
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
      extendedMasterSecret: true,
      maxRecordSize: { send: maxPlaintext, receive: maxPlaintext },
    },
    suite,
    hash,
    exporterSecret,
    limits: settings.limits,
    truncation: settings.truncation,
  };
}
