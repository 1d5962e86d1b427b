// What must hold of a machine of ours beyond what a peer can see: by its stages, its errors, and the calls that it makes.
import type { Account, Fault, Machine, PeerScript, Spoken, TransportScript } from "@sallyport/arbitraries";
import type { Features, ProviderName, Watched } from "./world.ts";
import { alertIds } from "../../packages/core/src/alerts.ts";

export interface Played {
  readonly provider: ProviderName;
  readonly features: Features;
  readonly script: PeerScript;
  readonly transport: TransportScript;
  readonly account: Account;
  readonly machine: Machine;
  readonly watched: Watched;
  /** Without a fault, and whole, it would complete. */
  readonly agrees: boolean;
}

type Law = (played: Played) => string | undefined;

/** Every failure that has an alert has told it, by the very bytes that came. */
const alertsArrive: Law = ({ account: { peer }, machine: { failure } }) => {
  if (failure === undefined || peer.isLost) return undefined;
  const { alert, error } = failure;
  if (alert.kind === "none") {
    const mayBeSilent = alert.reason !== "nothing was sent yet" && alert.reason !== "the alert could not be sealed";
    return mayBeSilent ? undefined : `no alert: ${alert.reason}`;
  }
  if (error.fault === "us") return `a local fault: ${error.message}; ${String(error.cause)}`;
  const due = alertIds[alert.description];
  return peer.alerts.length === 1 && peer.alerts[0] === due
    ? undefined
    : `${alert.description} was due, and heard was ${peer.alerts.join() || "nothing"}`;
};

/** A bit of a sealed record that is another gives bad_record_mac, whatever it was: nothing tells one failure from another. */
const oneFailureOfRecords: Law = (played) => {
  const {
    account: { peer },
    machine,
  } = played;
  const fault = loneFault(played);
  if (fault?.layer !== "wire" || fault.act !== "flip" || fault.where < 5) return undefined;
  const sealed = recordAt(peer.spoken, fault.at);
  if (sealed === undefined || sealed.epoch === "clear" || fault.where >= sealed.content.length + 5) return undefined;
  const { failure } = machine;
  if (failure === undefined || failure.error.kind === "truncated") return undefined;
  return failure.error.kind === "bad-record-mac" ? undefined : `a spoiled record gives ${failure.error.kind}`;
};

/** What was sealed, signed or computed for another connection proves nothing in this one, and is told as any other that is wrong. */
const nothingOfAnother: Law = (played) => {
  const {
    account: { peer },
    machine,
  } = played;
  const fault = loneFault(played);
  const [hit] = peer.hits;
  if (fault?.act !== "splice" || hit?.from === undefined) return undefined;
  const { epoch } = hit.from;
  const right = fault.layer === "wire" ? recordAt(peer.spoken, fault.at) : undefined;
  const isSealed = right !== undefined && right.epoch !== "clear" && epoch !== "clear";
  // Of a message by an even value its like (`Fault`).
  const isProof = peer.forged.has("binder") || (fault.layer === "message" && fault.value % 2 === 0 && peer.forged.has(hit.in));
  const due = isSealed ? "bad_record_mac" : isProof ? "decrypt_error" : undefined;
  const { alert } = machine.failure ?? {};
  const told = alert?.kind === "alert" ? alert.description : "nothing";
  return due === undefined || told === due ? undefined : `another connection's ${hit.in} gives ${told}, and ${due} was due`;
};

/** The one thing that is wrong, by keys that prove something. */
function loneFault({ provider, agrees, account: { peer }, script, transport }: Played): Fault | undefined {
  const [fault] = script.faults;
  const isLone = script.faults.length === 1 && peer.reached.size === 1;
  const isWhole =
    agrees && transport.endsAfter === undefined && !peer.isLost && !script.talk.some(({ kind }) => kind === "flood");
  // Early data may be skipped, whatever it is.
  return provider !== "fuzz" && isLone && isWhole && script.early.length === 0 ? fault : undefined;
}
function recordAt(spoken: readonly Spoken[], index: number): Spoken | undefined {
  return spoken.filter(({ by }) => by === "peer")[index];
}

/** What proves something, and was changed, proves nothing. */
const nothingForged: Law = ({ provider, account: { peer }, machine }) => {
  if (provider === "fuzz") return undefined;
  if (peer.forged.has("binder") && machine.connection?.info.handshakeKind.startsWith("resumed") === true)
    return "a session was taken up by a wrong binder";
  const [proof] = [...peer.forged].filter((name) => name !== "binder");
  return proof !== undefined && machine.wasEstablished ? `established by a ${proof} that is wrong` : undefined;
};

/** Nobody burns another's session: single use is asked once the binder is right. */
const nothingBurned: Law = ({ provider, account: { peer }, watched }) =>
  provider !== "fuzz" && peer.forged.has("binder") && watched.singleUses > 0
    ? "a ticket's single use was spent before its binder was verified"
    : undefined;

const ticketsAreUsedOnce: Law = ({ watched }) =>
  watched.isStillThere ? "a session was offered, and can be taken again" : undefined;

/** KeyUpdates in a row are limited (RFC 9846 §4.7.3 has no number; the default is 32). */
const floodsEnd: Law = ({ account: { peer }, machine, transport }) => {
  if (!machine.wasEstablished || peer.isLost || peer.reached.size > 0 || transport.endsAfter !== undefined) return undefined;
  let run = 0;
  for (const { by, type, content } of peer.spoken) {
    if (by === "peer") run = type === 22 && content[0] === 24 ? run + 1 : 0;
    if (run > 32)
      return machine.failure === undefined || machine.failure.error.kind === "truncated"
        ? `${run} KeyUpdates in a row pass`
        : undefined;
  }
  return undefined;
};

/** RFC 7301 §3.2: who offers protocols, and shares none, is refused. */
const protocolsAgree: Law = ({ features, script, account: { peer }, machine }) => {
  const { alpn } = script.hello;
  const isTouched = [...peer.reached].some(({ at, layer }) => at === 0 && layer !== "wire");
  if (
    features.role === "client" ||
    alpn === undefined ||
    alpn.length === 0 ||
    isTouched ||
    peer.wireSpoiled ||
    !machine.wasEstablished
  )
    return undefined;
  const chosen = machine.connection?.info.alpn;
  return chosen !== undefined && alpn.includes(chosen) ? undefined : `offered was ${alpn.join()}, and spoken is ${chosen}`;
};

/** RFC 7627 §5.3: a session of TLS 1.2 is taken up with extended master secret alone. */
const noTripleHandshake: Law = ({ account: { peer }, machine, features }) => {
  const info = machine.connection?.info;
  if (info?.version !== "tls1.2" || !info.handshakeKind.startsWith("resumed") || peer.wireSpoiled) return undefined;
  const hello = peer.spoken.find(
    ({ by, type, content }) => by === (features.role === "server" ? "peer" : "subject") && type === 22 && content[0] === 1,
  );
  const text = hello === undefined || hello.content.length < 60 ? undefined : Buffer.from(hello.content).toString("hex");
  // Cut in fragments it can't be looked at.
  if (text === undefined || Buffer.from(hello?.content ?? []).readUIntBE(1, 3) + 4 !== hello?.content.length) return undefined;
  return text.includes("00170000") ? undefined : "resumed without extended master secret";
};

const noncesAreNew: Law = ({ watched }) => (watched.nonceReused ? "a nonce was used twice with one key" : undefined);

/** Whatever is said: a few operations with public keys, one opening a record and one for a ticket, hashing in proportion to what came. */
const workIsBounded: Law = ({ watched: { work }, account: { peer, written } }) => {
  const records = peer.spoken.filter(({ by }) => by === "peer").length + 2 * peer.reached.size;
  if (work.publicKey > 6) return `${work.publicKey} operations with public keys`;
  if (work.opens > 2 * records + 4) return `${work.opens} records opened, of ${records}`;
  const most = 10_000 + 4 * (written.peer + written.subject);
  return work.hashed > most
    ? `${work.hashed} bytes hashed, for ${written.peer} that came and ${written.subject} that went`
    : undefined;
};

export const laws: Readonly<Record<string, Law>> = {
  alertsArrive,
  oneFailureOfRecords,
  nothingOfAnother,
  nothingForged,
  nothingBurned,
  ticketsAreUsedOnce,
  floodsEnd,
  protocolsAgree,
  noTripleHandshake,
  noncesAreNew,
  workIsBounded,
};
