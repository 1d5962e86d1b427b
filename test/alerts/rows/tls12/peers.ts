// Peers in the states of TLS 1.2 that rows speak of.
import { memoryClientSessions } from "@sallyport/core";
import { showing as trusting } from "../../outcome.ts";
import { resumingClientTls12, resumingServerTls12, ways } from "../../sessions.ts";
import { type Octets, text } from "../../../support/octets.ts";
import type { ScriptedPeer } from "../../../support/scripted-peer.ts";
import {
  type ClientStateTls12,
  ScriptedClientTls12,
  ScriptedServerTls12,
  type ScriptedServerTls12Options,
  type ServerStateTls12,
} from "../../../support/scripted-tls12.ts";

/** To a client that waits there. */
export const toClient = (state: ClientStateTls12, options: ScriptedServerTls12Options = {}): ScriptedServerTls12 =>
  new ScriptedServerTls12(options).to(state);
/** To a server that waits there. */
export const toServer = (state: ServerStateTls12): ScriptedClientTls12 =>
  (state === "WAIT_CERT" || state === "WAIT_CV" ? showing() : new ScriptedClientTls12()).to(state);
/** A client that shows a certificate, to a server that asks for one and trusts everybody. */
export const showing = (): ScriptedClientTls12 => new ScriptedClientTls12(trusting.config, trusting.shows);

export const clientsInClear = ["WAIT_SH", "WAIT_CERT", "WAIT_SKE", "WAIT_SHD", "WAIT_SHD_ONLY", "WAIT_CCS"] as const;
export const serversInClear = ["START", "WAIT_CERT", "WAIT_CKE", "WAIT_CV", "WAIT_CCS"] as const;

/** A session is taken up: all these have said ServerHello, or heard it. */
const resumedInClear = (): ScriptedPeer[] => [
  ...ways.flatMap((way) => [resumingClientTls12(way).to("WAIT_CCS"), resumingServerTls12(way).to("WAIT_CCS")]),
  resumingServerTls12("ticket", { ticket: text("the next ticket") }).to("WAIT_TICKET"),
];
/** To a client that wants sessions, and is told that a ticket will come. */
export const announcing = (ticket: Octets = text("a ticket")): ScriptedServerTls12 =>
  new ScriptedServerTls12({ config: { sessions: memoryClientSessions() }, ticket });

/** The machine reads in clear. */
export const inClear = (): ScriptedPeer[] => [
  ...clientsInClear.map((state) => toClient(state)),
  ...serversInClear.map((state) => toServer(state)),
  announcing().to("WAIT_TICKET"),
  ...resumedInClear(),
];
export const beforeFinished = (): ScriptedPeer[] => [
  toClient("WAIT_FINISHED"),
  toServer("WAIT_FINISHED"),
  resumingClientTls12().to("WAIT_FINISHED"),
  resumingServerTls12().to("WAIT_FINISHED"),
];
export const connected = (): ScriptedPeer[] => [
  toClient("CONNECTED"),
  toServer("CONNECTED"),
  resumingClientTls12().to("CONNECTED"),
  resumingServerTls12().to("CONNECTED"),
];
export const underKeys = (): ScriptedPeer[] => [...beforeFinished(), ...connected()];
export const inHandshake = (): ScriptedPeer[] => [...inClear(), ...beforeFinished()];
export const anywhere = (): ScriptedPeer[] => [...inHandshake(), ...connected()];
/** The version is agreed. */
export const agreed = (): ScriptedPeer[] => anywhere().filter(({ where }) => where !== "START" && where !== "WAIT_SH");
