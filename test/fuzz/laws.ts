// What must hold of a machine of ours beyond what a peer can see: by its stages, its errors, and the calls that it makes.
import type { Account, Fault, Machine, PeerScript, Said, Spoken, TransportScript } from "@sallyport/arbitraries";
import { contentsOf } from "../../packages/arbitraries/src/spoken.ts";
import { type Agreement, pskNamed } from "./agreement.ts";
import { casts } from "./casts.ts";
import { type Features, mostEarlyData, type ProviderName } from "./features.ts";
import type { Watched } from "./world.ts";
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
  readonly agreement: Agreement;
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
  const isProof =
    (peer.forged.has("binder") && looksAtBinders(played)) ||
    (fault.layer === "message" && fault.value % 2 === 0 && peer.forged.has(hit.in));
  // A second hello is the first one, or nothing of it is looked at.
  const isSecondHello = fault.layer === "message" && fault.at > 0 && hit.in === "client_hello";
  const due = isSealed ? "bad_record_mac" : isProof ? (isSecondHello ? "illegal_parameter" : "decrypt_error") : undefined;
  const { alert } = machine.failure ?? {};
  // It fails behind a close_notify of ours, too; but nothing more may be told then.
  if (alert?.kind === "none" && alert.reason === "own write side closed") return undefined;
  const told = alert?.kind === "alert" ? alert.description : "nothing";
  return due === undefined || told === due ? undefined : `another connection's ${hit.in} gives ${told}, and ${due} was due`;
};

/** Of sessions, or of external PSKs: whoever has none of a kind leaves such identities aside. */
function looksAtBinders({ features: { sessions, psks = "none" }, script }: Played): boolean {
  return (script.resumes && sessions !== "none") || ((script.psks ?? []).length > 0 && psks !== "none");
}

/** The one thing that is wrong, by keys that prove something. */
function loneFault({ provider, agrees, account: { peer }, script, transport }: Played): Fault | undefined {
  const [fault] = script.faults;
  const isLone = script.faults.length === 1 && peer.reached.size === 1;
  const isWhole =
    agrees && transport.endsAfter === undefined && !peer.isLost && !script.talk.some(({ kind }) => kind === "flood");
  // Nothing is read behind close_notify.
  const isHeard = script.talk.slice(0, -1).every(({ kind }) => kind !== "close");
  // Early data may be skipped, whatever it is; but nothing behind the handshake.
  const mayBeSkipped =
    script.early.length > 0 && (fault?.layer !== "wire" || recordAt(peer.spoken, fault.at)?.epoch !== "application");
  return provider !== "fuzz" && isLone && isWhole && isHeard && !mayBeSkipped ? fault : undefined;
}
function recordAt(spoken: readonly Spoken[], index: number): Spoken | undefined {
  return spoken.filter(({ by }) => by === "peer")[index];
}

/** What proves something, and was changed, proves nothing. */
const nothingForged: Law = ({ provider, account: { peer }, machine }) => {
  if (provider === "fuzz") return undefined;
  if (peer.forged.has("binder") && machine.connection?.info.handshakeKind.startsWith("full") === false)
    return `${machine.connection.info.handshakeKind} by a wrong binder`;
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

/** What says nothing is limited (RFC 9846 §4.7.3 has no number; these are the defaults). */
const floodsEnd: Law = ({ account: { peer }, machine, transport }) => {
  if (peer.isLost || peer.wireSpoiled || transport.endsAfter !== undefined) return undefined;
  if (machine.failure !== undefined && machine.failure.error.kind !== "truncated") return undefined;
  const runs = new Map<string, number>();
  // Early data that is not wanted is skipped, whatever it is; while it has not ended its last message may have a wrong length.
  const isSkipped = machine.outcome !== undefined && machine.outcome !== "accepted";
  const heard = peer.spoken.filter(({ by, epoch }) => by === "peer" && !(epoch === "early" && isSkipped));
  // Behind a wrong length there are others than were meant.
  for (const { type, content } of contentsOf(heard)) {
    const kind = emptyKindOf(type, content);
    if (kind === undefined) {
      for (const each of ["KeyUpdates", "tickets", "empty records"]) runs.delete(each);
      continue;
    }
    // Nothing is read behind it.
    if (kind === "close_notify") break;
    const run = (runs.get(kind) ?? 0) + 1;
    runs.set(kind, run);
    if (run > mostInARow[kind]) return `${run} ${kind} pass`;
  }
  return undefined;
};
/** Of warnings and change_cipher_spec as many as a connection bears; in TLS 1.2 it counts for those that mean nothing. */
const mostInARow = { KeyUpdates: 32, tickets: 32, "empty records": 32, warnings: 4, ccs: 3 } as const;
function emptyKindOf(type: number, content: Uint8Array): keyof typeof mostInARow | "close_notify" | undefined {
  if (type === 20) return "ccs";
  if (type === 21) return content[1] === 0 ? "close_notify" : "warnings";
  if (type === 22 && content[0] === 24) return "KeyUpdates";
  if (type === 22 && content[0] === 4) return "tickets";
  return type === 23 && content.length === 0 ? "empty records" : undefined;
}

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

/** Another name, another config, too late: a full handshake (RFC 9846 §4.7.1, Appendix C.4). */
const sessionsHold: Law = ({ provider, features: { changed = "nothing", role, sessions }, machine, account: { peer } }) => {
  const isResumed = machine.connection?.info.handshakeKind.startsWith("resumed") === true;
  if (!isResumed || peer.wireSpoiled || [...peer.reached].some(({ at }) => at === 0)) return undefined;
  // Its hash is always the same, and so is the config's; keys of tickets have a clock of their own.
  const holds =
    changed === "name" ||
    (changed === "config" && provider !== "fuzz") ||
    (changed === "time" && (role === "client" || sessions === "stored"));
  return holds ? `resumed, though another ${changed} is due` : undefined;
};

/** RFC 9846 §4.3.10, §4.7.1, §8: once, soon, by the session's protocol, and no more than its ticket allows. */
const earlyDataHolds: Law = ({ features: { changed = "nothing", role }, machine, account: { peer }, watched }) => {
  const early = machine.early.reduce((sum, { length }) => sum + length, 0);
  if (early > mostEarlyData) return `${early} bytes of early data, of ${mostEarlyData}`;
  if (machine.outcome !== "accepted") return undefined;
  const isTouched = peer.wireSpoiled || [...peer.reached].some(({ at, layer }) => at === 0 && layer !== "record");
  if (role === "server" && changed === "seen") return "early data that was taken before is taken again";
  if (role === "server" && changed === "age" && !isTouched) return "early data of another time is taken";
  const info = machine.connection?.info;
  return info === undefined || info.alpn === watched.sessionProtocol
    ? undefined
    : `early data of ${watched.sessionProtocol} is taken for ${info.alpn}`;
};

/** Who asks for a certificate, and takes none else but a PSK, knows whom it speaks with. */
const identitiesAreThere: Law = ({ features: { role, authentication }, machine: { connection } }) => {
  const isAsked = role === "client" || authentication === "required";
  return isAsked && connection !== undefined && (connection.info.peer ?? connection.info.psk) === undefined
    ? "established with nobody"
    : undefined;
};

/** RFC 9846 §4.3.11, RFC 9258: spoken is by a PSK of the config's own, that the peer has named and has the key of. */
const pskIsProven: Law = ({ provider, features: { psks = "none" }, script, account: { peer }, machine: { connection } }) => {
  if (connection === undefined) return undefined;
  const { psk, handshakeKind } = connection.info;
  if (psk === undefined) {
    const isDue = psks === "alone" || handshakeKind.startsWith("psk");
    return isDue ? "established by a PSK that nobody names" : undefined;
  }
  const name = new TextDecoder().decode(psk.identity);
  if (psks === "none") return `established by ${name}, which the config has not`;
  // What opens everything believes any number of an identity, and any key.
  if (!handshakeKind.startsWith("psk") || (provider === "fuzz" && peer.reached.size > 0)) return undefined;
  const named = pskNamed(script.psks ?? []).filter((each) => each.name === name && (each.isRight || provider === "fuzz"));
  return named.length > 0 ? undefined : `established by ${name}, which the peer has not`;
};

/**
 * RFC 9846 §4.3.11, §6.2: a wrong key for a known name ends it, and where there is nothing else a name that nobody knows ends it
 * likewise. §9.2: who asks for a PSK alone gets one.
 */
const wrongPskIsTold: Law = (played) => {
  const {
    provider,
    features: { role, psks = "none" },
    script,
    machine,
  } = played;
  const [named, another] = pskNamed(script.psks ?? []);
  if (!isUntouched(played) || psks === "none" || script.resumes) return undefined;
  if (role === "client") {
    const isUnknown = psks === "alone" && pskNamed(script.psks ?? []).every(({ name }) => name === "unknown");
    return isUnknown ? expectAlert(machine, "missing_extension", "a server without a PSK") : undefined;
  }
  if (named === undefined) return undefined;
  const isWrong = named.name === "unknown" ? psks === "alone" : !named.isRight && provider !== "fuzz";
  return isWrong && another === undefined ? expectAlert(machine, "decrypt_error", "a PSK that is none") : undefined;
};

/** RFC 7250: a raw key that is spoken with is one of those that are trusted, and one that is not ends it. */
const strangersAreRefused: Law = (played) => {
  const {
    provider,
    features: { role, authentication, rawKeys = "none" },
    script: { rawKey = 0, shows, resumes },
    agreement,
    account: { peer },
    machine,
  } = played;
  const { peer: identity, handshakeKind } = machine.connection?.info ?? {};
  // What opens everything opens a ticket in which another byte is changed.
  const presented = provider === "fuzz" && handshakeKind?.startsWith("full") === false ? undefined : identity?.presented;
  const [known] = casts[provider].rawKeys;
  const isKnown = presented?.chain[0]?.join() === known.publicKey.join() && rawKeys !== "none";
  if (presented?.type === "raw-public-key" && !isKnown) return "established with a raw key that nobody trusts";
  const isShown = role === "client" || (authentication !== "none" && shows);
  const isStranger = rawKeys !== "none" && rawKey % 2 === 1 && isShown && !resumes && peer.psks.length === 0;
  const isDue = isUntouched(played) && agreement.isFirst && isStranger;
  return isDue ? expectAlert(machine, "certificate_unknown", "a raw key that nobody trusts") : undefined;
};

/** RFC 5746 §3.4, §3.6: in a first handshake of TLS 1.2 nobody knows of one before. */
const noRenegotiation: Law = (played) => {
  const { agreement, machine } = played;
  const isDue = isUntouched(played) && agreement.identities && !agreement.isFirst;
  return isDue ? expectAlert(machine, "handshake_failure", "a renegotiation_info that is not empty") : undefined;
};

/** The hellos fit, and nothing was wrong or missing on their way. */
function isUntouched({ agreement, script, transport, account: { peer } }: Played): boolean {
  return (
    agreement.hellos &&
    script.faults.length === 0 &&
    transport.endsAfter === undefined &&
    script.early.length === 0 &&
    !peer.isLost
  );
}
function expectAlert({ failure }: Machine, due: string, of: string): string | undefined {
  const told = failure?.alert.kind === "alert" ? failure.alert.description : "nothing";
  return told === due ? undefined : `${of} gives ${told}, and ${due} was due`;
}

/** RFC 9846 §4.3.3: in TLS 1.3 a curve has its hash; the peers' keys have one scheme each. */
const schemesFit: Law = ({ provider, account: { peer }, machine }) => {
  if (machine.connection?.info.version !== "tls1.3" || peer.wireSpoiled) return undefined;
  const { peerSignatureScheme: scheme } = machine.connection.info;
  const due = provider === "fuzz" ? "ecdsa_secp256r1_sha256" : "ed25519";
  return scheme === undefined || scheme === due ? undefined : `a ${due} key has signed by ${scheme}`;
};

/** RFC 9846 §6: who has sealed one record seals its alerts; what comes in clear then is anybody's. */
const plainAlertsAreNobodys: Law = ({ account: { peer }, machine: { connection, failure, closed } }) => {
  if (connection?.info.version !== "tls1.3" || peer.wireSpoiled) return undefined;
  const said = peer.spoken.filter(({ by }) => by === "peer");
  const plain = said.findIndex(({ type, epoch }) => type === 21 && epoch === "clear");
  const isSealed = said.slice(0, plain).some(({ epoch }) => epoch === "handshake" || epoch === "application");
  const isOther = said.some(({ type, epoch }) => type === 21 && epoch !== "clear");
  if (plain === -1 || !isSealed || isOther) return undefined;
  const isHeeded = closed || failure?.error.kind === "alert-received";
  return isHeeded ? "an alert in clear is heeded, behind records under keys" : undefined;
};

/** RFC 9846 §4.7.3: each request is answered. */
const updatesAreAnswered: Law = ({ account: { peer }, machine, transport, features }) => {
  const isWhole = peer.reached.size === 0 && transport.endsAfter === undefined && features.closes !== true;
  if (!isWhole || peer.isLost || machine.connection?.info.version !== "tls1.3") return undefined;
  if (machine.failure !== undefined && machine.failure.error.kind !== "truncated") return undefined;
  const close = peer.spoken.findIndex(({ by, type, content }) => by === "peer" && type === 21 && content[1] === 0);
  const updates = (of: string, spoken: readonly Spoken[]): Said[] =>
    contentsOf(spoken.filter(({ by, epoch }) => by === of && epoch === "application")).filter(
      ({ type, content }) => type === 22 && content[0] === 24,
    );
  const due = updates("peer", close === -1 ? peer.spoken : peer.spoken.slice(0, close)).filter(({ content }) => content[4] === 1);
  const came = updates("subject", peer.spoken);
  return due.length === came.length ? undefined : `${due.length} KeyUpdates were asked for, and ${came.length} came`;
};

/** Both have the same exporter, or none. */
const exportersAgree: Law = ({ provider, account: { peer }, machine: { connection, failure } }) => {
  if (provider === "fuzz" || connection === undefined || peer.isLost || peer.reached.size > 0) return undefined;
  if (failure !== undefined) return undefined;
  const exported = connection.exportKeyingMaterial("EXPORTER-fuzz", new Uint8Array(0), 32);
  const ours = exported.kind === "exported" ? exported.keyingMaterial.join() : undefined;
  const theirs = peer.exported("EXPORTER-fuzz")?.join();
  return ours === theirs ? undefined : "the two export other keys";
};

/** RFC 7507 §3. */
const noFallback: Law = ({ features, script: { hello }, account: { peer }, machine }) => {
  const isTouched = peer.wireSpoiled || [...peer.reached].some(({ at }) => at === 0);
  if (features.role === "client" || features.versions !== "both" || isTouched || !hello.suites.includes(0x5600)) return undefined;
  return machine.connection?.info.version === "tls1.2" ? "TLS 1.2 with a client that was led there" : undefined;
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
  sessionsHold,
  earlyDataHolds,
  identitiesAreThere,
  pskIsProven,
  wrongPskIsTold,
  strangersAreRefused,
  noRenegotiation,
  schemesFit,
  plainAlertsAreNobodys,
  updatesAreAnswered,
  exportersAgree,
  noFallback,
  noncesAreNew,
  workIsBounded,
};
