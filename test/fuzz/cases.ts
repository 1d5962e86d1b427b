// One case: who is fuzzed, by what peer, over what transport. Plain data, so that it prints, shrinks, and is kept.
import {
  expectComplete,
  type Fault,
  plainHello,
  type PeerScript,
  peerScripts,
  type Role,
  transports,
  type TransportScript,
} from "@sallyport/arbitraries";
import fc from "fast-check";
import { laws } from "./laws.ts";
import { judgeCuts, judgeWaits } from "./split-law.ts";
import { agreementOf } from "./agreement.ts";
import type { Changed, Features, ProviderName } from "./features.ts";
import { meet } from "./world.ts";

export interface Case {
  readonly features: Features;
  readonly script: PeerScript;
  readonly transport: TransportScript;
}

const rarely = fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
const features = (role: Role): fc.Arbitrary<Features> =>
  fc.record({
    role: fc.constant(role),
    versions: fc.constantFrom("both", "both", "tls1.3", "tls1.2"),
    authentication: fc.constantFrom("none", "optional", "required"),
    sessions: fc.constantFrom("none", "sealed", "stored"),
    early: fc.boolean(),
    retry: rarely,
    manners: rarely,
    smallRecords: rarely,
    narrow: rarely,
    extras: rarely,
  });

const servers = fc.record({ features: features("server"), script: peerScripts("client"), transport: transports() });
const clients = fc.record({ features: features("client"), script: peerScripts("server"), transport: transports() });

/** Most faults come to one of the messages from `first` on, `count` of them. */
const mostlyAt = (first: number, count: number, faults: readonly Fault[]): readonly Fault[] =>
  faults.map((fault) => (fault.at % 4 === 0 ? fault : { ...fault, at: first + (fault.where % count) }));

/** Which few come to by chance: the messages of these are seldom said. */
const earlyData = servers.map(
  ({ features, script, transport }) =>
    ({
      features: {
        ...features,
        versions: "tls1.3",
        sessions: features.sessions === "stored" ? "stored" : "sealed",
        early: true,
        retry: false,
        manners: false,
      },
      script: { ...script, hello: plainHello, resumes: true, early: script.early.length === 0 ? [3] : script.early },
      transport,
    }) satisfies Case,
);
/** A second hello that shows a session, and is mostly what is wrong. */
const retries = servers.map(
  ({ features, script, transport }) =>
    ({
      features: {
        ...features,
        versions: features.versions === "tls1.2" ? "both" : features.versions,
        sessions: features.sessions === "stored" ? "stored" : "sealed",
        retry: true,
        manners: false,
      },
      script: {
        ...script,
        hello: plainHello,
        resumes: true,
        faults: mostlyAt(1, 1, script.faults),
      },
      transport,
    }) satisfies Case,
);
const certificates = servers.map(
  ({ features, script, transport }) =>
    ({
      features: {
        ...features,
        authentication: features.authentication === "none" ? "required" : features.authentication,
        extras: features.extras || script.staples,
      },
      script: { ...script, resumes: false, early: [], shows: true, compresses: true, faults: mostlyAt(1, 3, script.faults) },
      transport,
    }) satisfies Case,
);
const requestsAndTickets = clients.map(
  ({ features, script, transport }) =>
    ({
      features: { ...features, extras: features.extras || script.staples },
      script: {
        ...script,
        resumes: false,
        asks: true,
        ticket: true,
        talk: [{ kind: "ticket" }, ...script.talk],
        compresses: script.compresses || script.staples,
        faults: script.staples
          ? mostlyAt(2, 2, script.faults)
          : script.version === "tls1.2"
            ? // Its ticket.
              mostlyAt(5, 1, script.faults)
            : script.faults,
      },
      transport,
    }) satisfies Case,
);
/** What is wrong comes behind the handshake, which a client's part in is shorter. */
const talking = fc.oneof(servers, clients).map(({ features, script, transport }) => {
  const from = script.role === "server" ? 5 : 2;
  const faults = script.faults.map((fault) => ({ ...fault, at: from + (fault.at % 7) }));
  return {
    features,
    script: {
      ...script,
      talk: [{ kind: "ticket" }, { kind: "data", length: 9 }, ...script.talk.slice(0, 1), { kind: "close" }],
      faults,
    },
    transport,
  } satisfies Case;
});

/** A session that may not be what it was; and a user who closes first, of whom what comes cut hears otherwise. */
const changes = fc
  .tuple(
    fc.oneof(servers, clients),
    fc.constantFrom<Changed>("name", "config", "time", "age", "seen", "nothing"),
    fc.boolean(),
    fc.constantFrom(undefined, ["http/1.1"], ["http/1.1", "h2"]),
  )
  .map(
    ([{ features, script, transport }, changed, early, alpn]) =>
      ({
        features: {
          ...features,
          changed,
          versions: early ? "tls1.3" : features.versions,
          sessions: changed === "time" || features.sessions === "none" ? "stored" : features.sessions,
          early: early || features.early,
          retry: false,
        },
        script: {
          ...script,
          hello: alpn === undefined ? script.hello : { ...plainHello, alpn },
          resumes: true,
          early: early && script.early.length === 0 ? [900, 900, 900].slice(script.suite) : script.early,
          // Of those that are whole early data is taken.
          faults: early ? script.faults.slice(1) : script.faults,
        },
        transport,
      }) satisfies Case,
  );
/** Early data is refused, and skipped; what comes behind the handshake is not. */
const refusals = fc
  .tuple(servers, fc.constantFrom<Changed>("seen", "age", "name"), fc.nat({ max: 2 }), fc.nat({ max: 40 }), fc.nat({ max: 255 }))
  .map(
    ([{ features, script, transport }, changed, at, where, value]) =>
      ({
        features: { ...features, versions: "tls1.3", sessions: "sealed", early: true, retry: false, manners: false, changed },
        script: {
          ...script,
          hello: plainHello,
          resumes: true,
          shows: true,
          early: [3],
          changeCipherSpec: false,
          talk: [{ kind: "data", length: 9 }, { kind: "data", length: 8 }, { kind: "close" }],
          // Behind the hello, early data, [a certificate, its proof] and Finished.
          faults: [{ layer: "wire", act: "flip", at: 3 + at, where: 5 + where, value }],
        },
        transport,
      }) satisfies Case,
  );
const mostlyTheSame = fc.constantFrom<Changed>("nothing", "nothing", "nothing", "nothing", "name", "time");

/** Keys that both have from elsewhere, or that only one of them has; mostly it is the hello that is wrong. */
const externalPsks = fc
  .tuple(
    fc.oneof(servers, clients),
    fc.constantFrom("beside" as const, "alone" as const),
    fc.array(fc.constantFrom(0, 0, 0, 1, 1, 2, 3), { minLength: 1, maxLength: 2 }),
    fc.boolean(),
    mostlyTheSame,
  )
  .map(
    ([{ features, script, transport }, psks, named, isPlain, changed]) =>
      ({
        features: {
          ...features,
          psks,
          changed,
          versions: psks === "alone" || features.versions === "tls1.2" ? "tls1.3" : features.versions,
          // Who proves a PSK shows no certificate.
          authentication: psks === "alone" || features.authentication === "none" ? "none" : "optional",
          smallRecords: false,
          narrow: false,
          extras: false,
        },
        script: {
          ...script,
          version: "tls1.3",
          hello: isPlain ? { ...plainHello, suites: [0x1302, ...plainHello.suites] } : script.hello,
          psks: named,
          early: script.resumes ? script.early : [],
          faults: isPlain ? script.faults.slice(1) : mostlyAt(0, 2, script.faults),
        },
        transport,
      }) satisfies Case,
  );
/** A known key, or a stranger's, in place of a certificate. */
const rawKeys = fc
  .tuple(
    fc.oneof(servers, clients),
    fc.constantFrom("beside" as const, "alone" as const),
    fc.constantFrom(0, 0, 0, 1, undefined),
    fc.boolean(),
    mostlyTheSame,
  )
  .map(
    ([{ features, script, transport }, rawKeys, rawKey, isPlain, changed]) =>
      ({
        features: { ...features, rawKeys, changed, smallRecords: false, narrow: false, extras: false },
        script: {
          ...script,
          hello: isPlain ? plainHello : script.hello,
          rawKey,
          resumes: script.resumes && script.asks,
          shows: script.shows || isPlain,
          psks: [],
          faults: isPlain ? script.faults.slice(1) : mostlyAt(0, 4, script.faults),
        },
        transport,
      }) satisfies Case,
  );
/** renegotiation_info that is well formed, and speaks of a handshake before this one. */
const renegotiations = fc.tuple(fc.oneof(servers, clients), fc.constantFrom(1, 12, 24, 25, 36, 48, 254)).map(
  ([{ features, script, transport }, renegotiated]) =>
    ({
      features: { ...features, versions: features.versions === "tls1.3" ? "both" : features.versions },
      script: { ...script, version: "tls1.2", hello: { ...plainHello, renegotiated }, faults: script.faults.slice(1) },
      transport,
    }) satisfies Case,
);
const waiting = fc
  .oneof(servers, servers, clients, clients, externalPsks, rawKeys)
  .map(({ features, script, transport }) => ({ features: { ...features, waits: true }, script, transport }) satisfies Case);
const closing = talking.map(
  ({ features, script, transport }) =>
    ({ features: { ...features, closes: true }, script, transport: { ...transport, chunks: [] } }) satisfies Case,
);

/** Both roles alike. */
export const cases: fc.Arbitrary<Case> = fc.oneof(
  { weight: 6, arbitrary: servers },
  { weight: 8, arbitrary: clients },
  { weight: 4, arbitrary: talking },
  { weight: 2, arbitrary: earlyData },
  { weight: 2, arbitrary: retries },
  { weight: 3, arbitrary: certificates },
  { weight: 4, arbitrary: requestsAndTickets },
  { weight: 3, arbitrary: changes },
  { weight: 1, arbitrary: refusals },
  { weight: 2, arbitrary: externalPsks },
  { weight: 2, arbitrary: rawKeys },
  { weight: 1, arbitrary: renegotiations },
  { weight: 1, arbitrary: waiting },
  { weight: 1, arbitrary: closing },
);

const named = Object.entries(laws);

/** @returns what it came to, and what was violated */
export function play(provider: ProviderName, one: Case): ReturnType<typeof meet> & { readonly violations: readonly string[] } {
  const { features, script, transport } = one;
  const met = meet(provider, features, script, transport);
  // Who opens everything can skip nothing.
  const skipsEarly = provider === "fuzz" && script.early.length > 0;
  const agreement = agreementOf(features, script);
  const agrees = agreement.hellos && agreement.identities && agreement.isFirst;
  const isPlain = script.faults.length === 0 && transport.endsAfter === undefined && !skipsEarly;
  const violations = [...met.account.violations];
  if (isPlain && agrees) violations.push(...expectComplete(met.account, met.machine));
  const played = { ...one, ...met, provider, agrees, agreement };
  for (const [name, law] of named) {
    const why = law(played);
    if (why !== undefined) violations.push(`${name}: ${why}`);
  }
  if (provider === "fuzz" && transport.chunks.length > 0)
    violations.push(...judgeCuts(meet("fuzz", features, script, { ...transport, chunks: [] }), met));
  if (provider === "fuzz" && features.waits === true)
    violations.push(...judgeWaits(meet("fuzz", { ...features, waits: false }, script, transport), met));
  return { ...met, violations };
}
