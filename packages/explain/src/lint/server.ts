// A server's config against clients: the machine's own `negotiate` with each client's very hello, and the chain that it would
// show.
import { type ClientHello, type Credential, negotiate, type Negotiation, type ServerConfig } from "@sallyport/core";
import { type ClientProfile, helloOf } from "../profiles/clients.ts";
import { version } from "../words.ts";
import { type ChainJudged, judgeChain, remarksOfAll, remarksOfChain, type Surroundings } from "./chain.ts";
import { clauseOf, remedyOfRefusal } from "./clauses.ts";
import { type Connection, outcomeOf, Remarks } from "./gather.ts";
import type { LintOutcome, Remark } from "./report.ts";

export interface ServerLinted {
  readonly names: readonly string[];
  readonly outcomes: readonly LintOutcome[];
  readonly remarks: Remarks;
}

export function lintServer(
  config: ServerConfig,
  profiles: readonly ClientProfile[],
  wanted: readonly string[] | undefined,
  surroundings: Surroundings,
): ServerLinted {
  const all = wanted ?? namesOf(config, profiles);
  const names = all.slice(0, mostNames);
  const remarks = new Remarks(names);
  if (all.length > names.length) {
    remarks.add({
      id: "names-left-out",
      severity: "information",
      clause: `of ${all.length} names the first ${mostNames} are looked at`,
    });
  }
  const chains = new Chains(surroundings);
  const outcomes = profiles.map((profile) => {
    const connections = names.map((name) => connect(config, profile, name, chains));
    for (const { name, said } of connections) for (const remark of said) remarks.add(remark, profile.title, name);
    return outcomeOf(profile, connections);
  });
  for (const judged of chains.judged()) for (const remark of remarksOfAll(judged, surroundings.nowMs)) remarks.add(remark);
  return { names, outcomes, remarks };
}

const mostNames = 16;

function connect(config: ServerConfig, profile: ClientProfile, name: string, chains: Chains): Connection {
  const hello = helloOf(profile, isAddress(name) ? undefined : name);
  const negotiation = negotiated(hello, config);
  if (!("kind" in negotiation)) return { name, agreed: undefined, said: [negotiation.remark] };
  if (negotiation.kind === "refused") {
    const said = negotiation.reasons.map(
      (reason): Remark => ({
        id: reason.kind,
        severity: "failure",
        clause: clauseOf(reason),
        remedy: remedyOfRefusal(reason),
      }),
    );
    return { name, agreed: undefined, said };
  }
  const { suite, group, scheme, credential, needsRetry, version: spoken } = negotiation;
  const judged = credential && chains.of(credential, name);
  const said = judged === undefined ? [] : [...remarksOfChain(judged, profile)];
  if (needsRetry) {
    said.push({
      id: "retry",
      severity: "information",
      clause: `it needs a round trip more, since it sends no key share for ${group} (HelloRetryRequest)`,
      remedy: "put a group of its key shares first",
    });
  }
  if (sharesPostQuantum(hello) && !group.includes("MLKEM")) {
    said.push({
      id: "classical-key-exchange",
      severity: "information",
      clause: `it has a post-quantum key share ready, and ${group} is taken`,
      remedy: "add X25519MLKEM768 to the groups, in TLS 1.3: what is recorded today may be opened one day",
    });
  }
  return { name, agreed: [version(spoken), suite, group, scheme].filter((part) => part !== undefined).join(", "), said };
}

/** A function of the caller's decides about suites and groups, and may throw. */
function negotiated(hello: ClientHello, config: ServerConfig): Negotiation | { readonly remark: Remark } {
  try {
    return negotiate(hello, config);
  } catch (thrown) {
    const words = thrown instanceof Error ? thrown.message : "what is no Error";
    return {
      remark: {
        id: "policy-throws",
        severity: "failure",
        clause: `a function of the config throws (${words}), which is internal_error to the client`,
        remedy: "mend suiteOrder or groupOrder",
      },
    };
  }
}

/** Of all certificates, found out by the config's own refusal to serve a name that nobody has. */
function namesOf(config: ServerConfig, [profile]: readonly ClientProfile[]): readonly string[] {
  if (profile === undefined) return [];
  const negotiation = negotiated(helloOf(profile, nobodysName), config);
  const agreed = "kind" in negotiation && negotiation.kind === "agreed" ? negotiation.credential?.names : undefined;
  const refused = "kind" in negotiation && negotiation.kind === "refused" ? negotiation.reasons : [];
  const known = agreed ?? refused.flatMap((reason) => (reason.kind === "server-name-unknown" ? reason.ours : []));
  // Whatever stands for the star will do.
  const names = [...new Set(known.map((name) => name.replace(/^\*\./, "any.")))];
  return names.length === 0 ? [nobodysName] : names;
}
const nobodysName = "nobody-of-that-name.invalid";

/** server_name can't hold an address (RFC 6066 section 3). */
const isAddress = (name: string): boolean => name.includes(":") || /^\d+(\.\d+){3}$/.test(name);

const sharesPostQuantum = ({ keyShareGroups }: ClientHello): boolean =>
  keyShareGroups.some(({ name }) => name?.includes("MLKEM") === true);

/** Each chain is judged once for each name. */
class Chains {
  readonly #surroundings: Surroundings;
  readonly #known = new Map<Credential, Map<string, ChainJudged | undefined>>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }
  of(credential: Credential, name: string): ChainJudged | undefined {
    const byName = this.#known.get(credential) ?? new Map<string, ChainJudged | undefined>();
    this.#known.set(credential, byName);
    if (!byName.has(name)) byName.set(name, judgeChain(credential, name, this.#surroundings));
    return byName.get(name);
  }
  /** One of each credential. */
  judged(): readonly ChainJudged[] {
    return [...this.#known.values()].flatMap((byName) => [...byName.values()].slice(0, 1).flatMap((judged) => judged ?? []));
  }
}
