// What will work, for whom, and what will not: configs against everybody that is known by profile.
import { KeyObject } from "node:crypto";
import * as x509 from "@peculiar/x509";
import {
  type AsyncGroup,
  clientConfig,
  ConfigError,
  type Credential,
  dangerousAssertVerified,
  memoryClientSessions,
  negotiate,
  readClientHello,
  serverConfig,
  type ServerOptions,
  type Verifier,
} from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { noble } from "@sallyport/crypto-noble";
import { clientProfiles, lint, type LintReport, serverProfiles, toJson, toMarkdown, toText } from "@sallyport/explain";
import { credential } from "@sallyport/x509";
import { fc, test as check } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { authority, noon, type Party, party, server } from "../support/chains.ts";
import { type LeafOptions, makePki } from "../support/pki.ts";

const pki = await makePki();
const now = (): number => noon;
const today = (): number => Date.now();

async function options(leaf: LeafOptions = {}, more: Partial<ServerOptions> = {}): Promise<{ readonly server: ServerOptions }> {
  return { server: { provider: node, now: today, credentials: [await identity(leaf)], ...more } };
}
async function identity(leaf: LeafOptions): Promise<Credential> {
  const { chainPem, keyPem } = await pki.leaf(leaf);
  return credential({ chain: chainPem, signer: signer(keyPem) });
}
function shown({ der, keys }: Party, ...above: readonly Party[]): Credential {
  const key = KeyObject.from(keys.privateKey);
  return credential({ chain: [der, ...above.map((each) => each.der)], signer: signer(key) });
}
const trusted = { privateRoots: pki.ca.pem };
const failing = ({ outcomes }: LintReport): readonly string[] =>
  outcomes.filter(({ result }) => result === "fails").map(({ id }) => id);
const finding = (report: LintReport, id: string) => report.findings.find((each) => each.id === id);

describe("a server's config", () => {
  test("P-256 in both versions works for everybody", async () => {
    const report = lint(await options(), trusted);
    expect(failing(report)).toEqual([]);
    expect(report).toMatchObject({
      severity: "information",
      verdict: `It works for all ${clientProfiles.length} clients that it was tried with.`,
    });
  });

  test("a key of P-521 fails for Chromium, which says so in its own hello, and not for Firefox", async () => {
    const report = lint(await options({ key: "ecdsa-p521" }), trusted);
    expect(failing(report)).toEqual(["chromium", "stm32"]);
    expect(report.outcomes[0]?.because).toEqual(["the certificate's key is P-521, and it takes no signature by it"]);
    expect(finding(report, "no-common-scheme")).toMatchObject({ severity: "failure", remedy: expect.stringContaining("P-256") });
  });

  test("self-signed: browsers abort each first visit, the others each handshake", async () => {
    const report = lint(await options({ issuer: "self" }));
    expect(failing(report)).toEqual(clientProfiles.map(({ id }) => id));
    const said = report.findings.filter(({ id }) => id === "self-signed");
    expect(said.find(({ concerns }) => concerns.includes("Chromium 156"))?.what).toMatch(
      /self-signed: it aborts each first visit/,
    );
    expect(said.find(({ concerns }) => concerns.includes("curl 7.88 (OpenSSL 3.0)"))?.what).toMatch(
      /self-signed: it aborts each handshake/,
    );
  });

  test("an intermediate that is not sent fails for everybody once the roots are named", async () => {
    const whole = await identity({ issuer: "intermediate" });
    const cut = { ...whole, chain: [whole.chain[0]] as const };
    const report = lint({ server: { provider: node, now: today, credentials: [cut] } }, trusted);
    expect(failing(report)).toHaveLength(clientProfiles.length);
    expect(finding(report, "unknown-issuer")?.remedy).toMatch(/send the certificate of CN=Sallyport test intermediate as well/);
    expect(failing(lint({ server: { provider: node, now: today, credentials: [whole] } }, trusted))).toEqual([]);
  });

  test("what fails under one name of two is said of that name alone", async () => {
    const credentials = [
      await identity({ dns: ["a.example"], ips: [] }),
      await identity({ dns: ["b.example"], ips: [], key: "ecdsa-p521" }),
    ] as const;
    const report = lint({ server: { provider: node, now: today, credentials } }, trusted);
    expect(report.names).toEqual(["a.example", "b.example"]);
    expect(finding(report, "no-common-scheme")?.names).toEqual(["b.example"]);
    expect(
      failing(lint({ server: { provider: node, now: today, credentials } }, { ...trusted, serverNames: ["a.example"] })),
    ).toEqual([]);
  });

  test("TLS 1.3 alone shuts out who speaks 1.2 alone, and the remedy is the config's", async () => {
    const report = lint(await options({}, { versions: ["tls1.3"] }), trusted);
    expect(failing(report)).toEqual(["mbedtls", "stm32"]);
    expect(finding(report, "no-common-version")?.remedy).toMatch(/add tls1.2 to versions/);
  });

  test("an expired certificate fails for everybody; one that ends next week is a warning", async () => {
    expect(failing(lint(await options({ validity: "expired" }), trusted))).toHaveLength(clientProfiles.length);
    const root = await authority("CN=root");
    const soon = shown(await server(root, { notAfter: new Date(noon + 7 * 86_400_000) }));
    const report = lint({ server: { provider: node, now, credentials: [soon] } }, { privateRoots: [root.der] });
    expect(failing(report)).toEqual([]);
    expect(finding(report, "expires-soon")).toMatchObject({ severity: "warning", what: expect.stringContaining("7 days") });
  });

  test("900 days by a public authority are too many for Chromium, browsers want timestamps; by a private one nobody minds", async () => {
    const root = await authority("CN=root");
    const long = shown(await server(root, { notAfter: new Date(noon + 870 * 86_400_000) }));
    const config = { server: { provider: node, now, credentials: [long] as const } };
    const asPublic = lint(config, { publicRoots: [root.der] });
    expect(failing(asPublic)).toEqual(["chromium", "firefox"]);
    expect(finding(asPublic, "validity-too-long")?.concerns).toEqual(["Chromium 156"]);
    expect(finding(asPublic, "no-timestamps")?.concerns).toEqual(["Chromium 156", "Firefox 153 ESR"]);
    expect(failing(lint(config, { privateRoots: [root.der] }))).toEqual([]);
  });

  test("398 days are allowed, both ends counted, and a second more is not", async () => {
    const root = await authority("CN=root");
    const lasting = async (seconds: number): Promise<boolean> => {
      const leaf = shown(await server(root, { notBefore: new Date(noon), notAfter: new Date(noon + seconds * 1000) }));
      return (
        finding(
          lint({ server: { provider: node, now, credentials: [leaf] } }, { publicRoots: [root.der] }),
          "validity-too-long",
        ) === undefined
      );
    };
    expect(await lasting(398 * 86_400 - 1)).toBe(true);
    expect(await lasting(398 * 86_400)).toBe(false);
  });

  test("who looks at the common name takes a certificate without another name", async () => {
    const root = await authority("CN=root");
    const basics = [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension(["1.3.6.1.5.5.7.3.1"]),
    ];
    const nameless = shown(await party("CN=localhost", { by: root, extensions: basics }));
    const report = lint(
      { server: { provider: node, now, credentials: [nameless], servesAnyName: true } },
      { privateRoots: [root.der], serverNames: ["localhost"] },
    );
    expect(failing(report)).toEqual(["chromium", "firefox", "go126", "deno-connectTls", "sallyport"]);
  });

  test("options that are refused give the very problems of the ConfigError", async () => {
    const { server: fine } = await options();
    const wrong: ServerOptions = { ...fine, suites: ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"], alpn: [""] };
    const report = lint({ server: wrong });
    const problems = (() => {
      try {
        serverConfig(wrong);
        return [];
      } catch (error) {
        return error instanceof ConfigError ? error.problems : [];
      }
    })();
    expect(problems.length).toBeGreaterThan(1);
    expect(report.findings.map(({ what, remedy }) => [what, remedy])).toEqual(
      problems.map(({ path, problem, remedy }) => [`${path} ${problem}.`, remedy]),
    );
    expect(report).toMatchObject({
      outcomes: [],
      severity: "failure",
      verdict: expect.stringMatching(/^The config is refused when it is made/),
    });
  });

  test("a policy of the caller's that throws is a finding, and nothing is thrown", async () => {
    const suiteOrder = (): never => {
      throw new Error("no database\u001b[2J");
    };
    const report = lint(await options({}, { suiteOrder }), trusted);
    expect(finding(report, "policy-throws")?.what).toMatch(/no database\\u\{1b\}/);
    expect(failing(report)).toHaveLength(clientProfiles.length);
  });

  test("a config that is made is linted too, and says what could not be looked at", async () => {
    const report = lint(serverConfig((await options()).server));
    expect(report.names).toEqual(["localhost", "127.0.0.1", "::1"]);
    expect(failing(report)).toEqual([]);
    expect(report.findings.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["signatures-not-checked", "time-not-known", "trust-not-known"]),
    );
  });

  test("the provider in JavaScript is no place for a long-term key", async () => {
    const { server: fine } = await options();
    expect(
      finding(lint({ server: { ...fine, provider: noble({ random: node.random }) } }, trusted), "key-in-javascript")?.remedy,
    ).toMatch(/crypto-node, WebCrypto or a remote signer/);
    expect(finding(lint({ server: fine }, trusted), "key-in-javascript")).toBeUndefined();
  });

  test("who needs a retry, and who is taken without the post-quantum share that it has ready, is told of", async () => {
    const report = lint(await options({}, { groups: ["secp384r1"] }), trusted);
    expect(finding(report, "retry")?.concerns).toContain("Chromium 156");
    expect(finding(report, "classical-key-exchange")?.concerns).toEqual([
      "Chromium 156",
      "Firefox 153 ESR",
      "Node.js 24",
      "Go 1.26",
      "Sallyport as it comes",
    ]);
  });

  test.each(["rsa", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"] as const)(
    "of a good %s certificate it works for exactly those with whom negotiate agrees",
    async (key) => {
      const subject = await options({ key });
      const report = lint(subject, { ...trusted, serverNames: ["localhost"] });
      for (const profile of clientProfiles) {
        const read = readClientHello(profile.hello());
        if (read.kind === "malformed") throw read.error;
        const { kind } = negotiate({ ...read.clientHello, serverName: "localhost" }, serverConfig(subject.server));
        expect([profile.id, report.outcomes.find(({ id }) => id === profile.id)?.result]).toEqual([
          profile.id,
          kind === "agreed" ? "works" : "fails",
        ]);
      }
    },
  );
});

describe("a client's config", () => {
  const verifier: Verifier = {
    label: "all",
    schemes: ["ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256"],
    verify: (presented) => dangerousAssertVerified(presented),
  };

  test("with the defaults works with all servers", () => {
    const report = lint({ client: { provider: node, now, verifier } });
    expect(failing(report)).toEqual([]);
    expect(report.role).toBe("client");
  });

  test("that can do no RSA fails with the servers that have nothing else", () => {
    const report = lint({ client: { provider: node, now, verifier, schemes: ["ecdsa_secp256r1_sha256"] } });
    expect(failing(report)).toEqual(serverProfiles.filter(({ keys }) => keys.every((key) => key === "RSA")).map(({ id }) => id));
    expect(finding(report, "no-common-scheme")?.concerns.length).toBeGreaterThan(0);
  });

  test("takes no session out of its store, and asks no group that answers later", () => {
    const inner = memoryClientSessions();
    const asked: string[] = [];
    const sessions = { ...inner, take: (key: Parameters<typeof inner.take>[0]) => void asked.push(key.partition) };
    const later: AsyncGroup = {
      name: "secp256r1",
      shareLength: { client: 65, server: 65 },
      startAsync: () => Promise.reject(new Error("asked")),
      completeAsync: () => Promise.reject(new Error("asked")),
      respondAsync: () => Promise.reject(new Error("asked")),
    };
    const config = clientConfig({ provider: { ...node, groups: [later] }, now, verifier, sessions });
    expect(failing(lint(config))).toEqual([]);
    expect(new Set(asked)).toEqual(new Set(["sallyport lint"]));
  });

  test("whose hello is cut into small records is read as one", () => {
    expect(failing(lint(clientConfig({ provider: node, now, verifier, clientHelloRecordSize: 64 })))).toEqual([]);
  });

  test("whose provider fails before the hello is a finding", () => {
    const [group] = node.groups;
    if (group === undefined || !("start" in group)) throw new TypeError("the provider's groups are synchronous");
    const broken = {
      ...group,
      start: (): never => {
        throw new Error("no entropy");
      },
    };
    expect(lint(clientConfig({ provider: { ...node, groups: [broken] }, now, verifier })).findings[0]).toMatchObject({
      id: "no-hello",
      severity: "failure",
    });
  });
});

describe("a report", () => {
  test("is told as text, Markdown and JSON, and in JSON says the same", async () => {
    const report = lint(await options({ key: "ecdsa-p521" }), trusted);
    expect(toText(report)).toMatch(
      /^It fails for Chromium 156, [\s\S]*\n {2}fails {2}Chromium 156 \(2026-11\) +the certificate's key is P-521/,
    );
    expect(toMarkdown(report)).toContain(
      "| Chromium 156 (2026-11) | **fails** | the certificate's key is P-521, and it takes no signature by it |",
    );
    expect(JSON.parse(toJson(report))).toMatchObject({
      verdict: report.verdict,
      names: report.names,
      outcomes: report.outcomes.map(({ id, result }) => ({ id, result })),
    });
  });

  test("of a profile that there is not is refused by name", async () => {
    const subject = await options();
    expect(() => lint(subject, { profiles: ["netscape"] })).toThrow(/no profile netscape; there are chromium, firefox/);
  });

  check.prop([fc.nat(), fc.integer({ min: 1, max: 255 })], { numRuns: 150 })(
    "never throws for what stands in a chain, and is printable",
    async (at, change) => {
      const good = await identity({ issuer: "intermediate" });
      const above = Uint8Array.from(good.chain[1] ?? []);
      above[at % above.length] = (above[at % above.length] ?? 0) ^ change;
      const report = lint(
        { server: { provider: node, now: today, credentials: [{ ...good, chain: [good.chain[0], above] }] } },
        trusted,
      );
      expect(toText(report)).toMatch(/^[\n -~]*$/);
      expect(report.outcomes).toHaveLength(clientProfiles.length);
    },
  );

  test("is bounded whatever the number of names", async () => {
    const dns = Array.from({ length: 300 }, (_, at) => `n${at}.example`);
    const report = lint(await options({ dns, ips: [] }), trusted);
    expect(report.names).toHaveLength(16);
    expect(finding(report, "names-left-out")?.what).toContain("300");
  });
});
