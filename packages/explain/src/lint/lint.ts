// What will work, for whom, and what will not: a config against everybody that is known by profile.
import {
  ClientConfig,
  clientConfig,
  type ClientOptions,
  ConfigError,
  type CryptoProvider,
  type PskClientOptions,
  type PskServerOptions,
  ServerConfig,
  serverConfig,
  type ServerOptions,
} from "@sallyport/core";
import { type TrustAnchor, trustAnchors } from "@sallyport/x509";
import { printableReport } from "../printable.ts";
import { type ClientProfile, clientProfiles } from "../profiles/clients.ts";
import { type ServerProfile, serverProfiles } from "../profiles/servers.ts";
import type { Surroundings } from "./chain.ts";
import { lintClient } from "./client.ts";
import type { Remarks } from "./gather.ts";
import type { LintFinding, LintOutcome, LintReport } from "./report.ts";
import { lintServer } from "./server.ts";

/** A config that is made, or the options that it would be made of: then its problems are findings too, and nothing is thrown. */
export type LintSubject =
  | ServerConfig
  | ClientConfig
  | { readonly server: ServerOptions | PskServerOptions }
  | { readonly client: ClientOptions | PskClientOptions };

export interface LintOptions {
  /** Under which names a server is asked for. Default: those of its certificates, 16 at most. A client asks for the first. */
  readonly serverNames?: readonly string[];
  /**
   * Whom browsers and systems trust as they come, PEM or DER, such as `platformRoots()`. Who is issued by one of them is held to
   * what is asked of public authorities. Default nobody: then trust is not judged.
   */
  readonly publicRoots?: string | readonly Uint8Array[];
  /** Whom only your clients trust. */
  readonly privateRoots?: string | readonly Uint8Array[];
  /** Checks the signatures of the chain. Default: that of the options; a config that is made doesn't show its own. */
  readonly provider?: CryptoProvider;
  /** Milliseconds since 1970, for the certificates' dates. Default: the options' own. */
  readonly now?: () => number;
  /** Ids of profiles. Default all of them. */
  readonly profiles?: readonly string[];
}

/**
 * Runs the machine's own `negotiate` of a server's config with the ClientHello of each client that is known, and judges the chain
 * that the client would be shown by what that client demands; of a client's config, with each server that is known. Nothing is
 * sent.
 * @throws ConfigError if a root can't be read; RangeError if a profile is none
 * @example toText(lint({ server: options }, { publicRoots: platformRoots() }))
 */
export function lint(subject: LintSubject, options: LintOptions = {}): LintReport {
  const given = settledOf(subject, options);
  return printableReport({ ...given, verdict: verdictOf(given), severity: given.findings[0]?.severity ?? "information" });
}

type Settled = Omit<LintReport, "verdict" | "severity">;

function settledOf(subject: LintSubject, options: LintOptions): Settled {
  if (subject instanceof ServerConfig) return ofServer(subject, options);
  if (subject instanceof ClientConfig) return ofClient(subject, options);
  if ("server" in subject) {
    const { server } = subject;
    const made = madeOf("server", () => serverConfig(server));
    return made instanceof ServerConfig ? ofServer(made, { ...withOwn(server), ...options }) : made;
  }
  const { client } = subject;
  const made = madeOf("client", () => clientConfig(client));
  return made instanceof ClientConfig ? ofClient(made, { ...withOwn(client), ...options }) : made;
}

const withOwn = ({ provider, now }: Pick<ServerOptions, "provider" | "now">): LintOptions => ({ provider, now });

/** The very checks that refuse it: there is no second list of them. */
function madeOf<C>(role: LintReport["role"], make: () => C): C | Settled {
  try {
    return make();
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    const findings = thrown.problems.map(
      ({ path, problem, remedy }): LintFinding => ({
        id: "config-refused",
        severity: "failure",
        what: `${path} ${problem}.`,
        remedy,
        concerns: [],
        names: [],
      }),
    );
    return { role, names: [], outcomes: [], findings };
  }
}

function ofServer(config: ServerConfig, options: LintOptions): Settled {
  const { serverNames, provider, now, publicRoots, privateRoots } = options;
  const surroundings: Surroundings = {
    provider,
    nowMs: now?.(),
    publicAnchors: anchorsOf(publicRoots),
    privateAnchors: anchorsOf(privateRoots),
  };
  const { names, outcomes, remarks } = lintServer(config, chosen(clientProfiles, options), serverNames, surroundings);
  remarkOnSurroundings(remarks, surroundings);
  return { role: "server", names, outcomes, findings: remarks.findings() };
}

function ofClient(config: ClientConfig, options: LintOptions): Settled {
  const [serverName = "example.com"] = options.serverNames ?? [];
  const { outcomes, remarks } = lintClient(config, chosen(serverProfiles, options), serverName);
  return { role: "client", names: [serverName], outcomes, findings: remarks.findings() };
}

function remarkOnSurroundings(remarks: Remarks, { provider, nowMs }: Surroundings): void {
  if (provider === undefined) {
    const clause = "the signatures of the chain were not checked";
    remarks.add({ id: "signatures-not-checked", severity: "information", clause, remedy: "give a provider" });
  } else if (provider.name === "noble") {
    remarks.add({
      id: "key-in-javascript",
      severity: "information",
      clause: "the provider is pure JavaScript, whose arithmetic takes times that may depend on the key",
      remedy: "let long-term private keys sign by crypto-node, WebCrypto or a remote signer",
    });
  }
  if (nowMs === undefined) {
    remarks.add({
      id: "time-not-known",
      severity: "information",
      clause: "whether the certificates are valid today was not looked at",
      remedy: "give now",
    });
  }
}

/** Lists of an operating system hold what is no CA's: it is left out, as verifiers do. */
function anchorsOf(roots: string | readonly Uint8Array[] | undefined): readonly TrustAnchor[] {
  return roots === undefined ? [] : trustAnchors(roots, { leftOut: () => {} });
}

function chosen<P extends ClientProfile | ServerProfile>(all: readonly P[], { profiles }: LintOptions): readonly P[] {
  if (profiles === undefined) return all;
  const unknown = profiles.find((wanted) => !all.some(({ id }) => id === wanted));
  if (unknown !== undefined)
    throw new RangeError(`there is no profile ${unknown}; there are ${all.map(({ id }) => id).join(", ")}`);
  return all.filter(({ id }) => profiles.includes(id));
}

function verdictOf({ role, outcomes, findings: [worst] }: Settled): string {
  if (outcomes.length === 0)
    return worst === undefined ? "There was nobody to try it with." : `The config is refused when it is made: ${worst.what}`;
  const who = role === "server" ? "clients" : "kinds of servers";
  const failing = outcomes.filter(({ result }) => result === "fails");
  const [first] = failing;
  if (first === undefined) return `It works for all ${outcomes.length} ${who} that it was tried with.`;
  const which = failing.length === outcomes.length ? `all ${outcomes.length} ${who}` : namesOf(failing);
  return `It fails for ${which}: ${worst?.what ?? ""}`;
}

const namesOf = (outcomes: readonly LintOutcome[]): string =>
  outcomes.length <= 3
    ? outcomes.map(({ title }) => title).join(", ")
    : `${outcomes
        .slice(0, 3)
        .map(({ title }) => title)
        .join(", ")} and ${outcomes.length - 3} more`;
