// Where a connection begins: `Acceptor` at the server, `Connector` at the client.
import { ClientConfig } from "../config/client-config.ts";
import { defaultLimits } from "../config/limits.ts";
import { Problems } from "../config/problems.ts";
import { readAlpn } from "../config/read-option.ts";
import type { Trace } from "../config/trace.ts";
import { Link } from "../connection/link.ts";
import { ApiMisuse } from "../errors.ts";
import { GrowingBytes } from "../wire/bytes.ts";
import { isAddress } from "../wire/client-hello.ts";
import { ClientRole } from "./client/role.ts";
import type { State as ClientState, Goal } from "./client/states.ts";
import { Driver } from "./driver.ts";
import { type Scribe, scribe } from "./scribe.ts";
import { ServerRole } from "./server/role.ts";
import type { State as ServerState } from "./server/states.ts";
import { NeedsInput } from "./stages/input.ts";
import type { ClientStage, ServerStage } from "./stages/stage.ts";

/** Limits and observation before a config is chosen. `choose` does not loosen what was refused here. */
export interface AcceptorOptions {
  /** ClientHello message, bytes; default 16 KiB. */
  readonly maxClientHello?: number;
  /** On the wire, up to the end of the record that completes the ClientHello; what lies behind doesn't count. Default 64 KiB. */
  readonly maxReceived?: number;
  readonly trace?: Trace;
}

/**
 * The server's first door. It needs neither a config nor a provider: it reads a ClientHello, and an alert in clear needs no key.
 * `start()` once; a second call throws ApiMisuse.
 */
export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #scribe: Scribe;
  #started = false;

  constructor(options: AcceptorOptions = {}) {
    for (const name of ["maxClientHello", "maxReceived"] as const) {
      const value = options[name];
      if (value !== undefined && (!Number.isSafeInteger(value) || value < 64)) {
        throw new ApiMisuse("bad-argument", `${name} is a number of bytes, 64 or more`);
      }
    }
    this.#options = options;
    this.#scribe = scribe;
  }
  start(): NeedsInput {
    if (this.#started) throw new ApiMisuse("spent-stage", "an Acceptor starts one connection");
    this.#started = true;
    return acceptWith(this.#options, this.#scribe);
  }
}

/** What differs from one connection of a config to the next. */
export interface ConnectorOptions {
  readonly alpn?: readonly string[];
  /**
   * Sessions are kept apart by it: port, proxy, tenant, browsing context (RFC 9846, Appendix C.4). Without sessions in the config
   * it changes nothing.
   */
  readonly sessionPartition?: string;
  /** Appears in every error of this connection; never on the wire. */
  readonly label?: string;
}

/**
 * The client's door. Its first stage may be a pause (`needs-session`, `needs-key-shares`); else the ClientHello is in `output`.
 */
export class Connector {
  readonly #goal: Goal;
  readonly #label: string | undefined;
  #started = false;

  /** @param serverName a DNS name (A-labels), or an IP literal: checked against the certificate, and not sent as SNI. */
  constructor(config: ClientConfig, serverName: string, options: ConnectorOptions = {}) {
    if (!(config instanceof ClientConfig)) throw new ApiMisuse("bad-argument", "a Connector takes what clientConfig() made");
    const settings = ClientConfig.settingsOf(config);
    const problems = new Problems();
    const alpn = options.alpn === undefined ? settings.alpn : readAlpn(options.alpn, "alpn", problems);
    if (problems.count > 0) throw new ApiMisuse("bad-argument", problems.toString());
    const { sessionPartition: partition = "" } = options;
    if (typeof partition !== "string") throw new ApiMisuse("bad-argument", "sessionPartition is a string");
    this.#goal = { settings, serverName: expectServerName(serverName), alpn, partition };
    this.#label = options.label;
  }
  start(): ClientStage {
    if (this.#started) throw new ApiMisuse("spent-stage", "a Connector starts one connection");
    this.#started = true;
    return connectWith(this.#goal, scribe, this.#label);
  }
}

/** With messages from elsewhere: `replay.ts`. */
export function acceptWith(options: AcceptorOptions, scribe: Scribe): NeedsInput {
  const { maxClientHello, maxReceived, trace } = options;
  const limits = maxClientHello === undefined ? defaultLimits : { ...defaultLimits, clientHello: maxClientHello };
  const link = new Link("server", limits, trace);
  link.log = new GrowingBytes();
  link.incoming.maxReceived = maxReceived ?? defaultMaxReceived;
  const state: ServerState = { kind: "expectClientHello" };
  const stage = new Driver<ServerState, ServerStage>(link, new ServerRole({ link, scribe }), state).start();
  // Without a byte read there is nothing else that it can be.
  if (!(stage instanceof NeedsInput)) throw new TypeError(`an Acceptor that starts with ${stage.kind}`);
  return stage;
}

export function connectWith(goal: Goal, scribe: Scribe, label?: string): ClientStage {
  const { settings, serverName } = goal;
  const link = new Link("client", settings.limits, settings.trace, label);
  link.serverName = serverName;
  link.outgoing.maxProtected = settings.maxRecordSize;
  const state: ClientState = { kind: "takeSession", goal };
  return new Driver<ClientState, ClientStage>(link, new ClientRole({ link, scribe }), state).start();
}

const defaultMaxReceived = 64 * 1024;

/** A trailing dot is the resolver's, not the name's (RFC 6066 §3). */
function expectServerName(name: unknown): string {
  if (typeof name === "string") {
    const host = name.replace(/\.$/, "");
    if (isAddress(host) ? isLiteral(host) : isDnsName(host)) return host;
  }
  throw new ApiMisuse("bad-argument", "serverName is a DNS name (IDNs as A-labels) or an IP literal, without a port or brackets");
}

/** RFC 1035 §2.3.4; labels as resolvers take them. */
function isDnsName(host: string): boolean {
  return host.length <= 253 && /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*$/.test(host);
}

/** What has a colon is no IPv6 address yet: it may be a URL, or a name and a port. A zone may stand behind it (RFC 4007 §11). */
function isLiteral(address: string): boolean {
  return !address.includes(":") || /^[0-9A-Fa-f]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%[\x21-\x7e]+)?$/.test(address);
}
