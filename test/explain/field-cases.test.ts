// The reports from the field: what was the matter, and what cured it, must be what the explanation says.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Acceptor, serverConfig } from "@sallyport/core";
import { explain, type Report, toText } from "@sallyport/explain";
import { fakeCredential } from "../support/fake-credential.ts";
import { fakeProvider } from "../support/fake-provider.ts";
import { faultyRandom } from "./support.ts";

interface Capture {
  readonly id: string;
  readonly hex: string;
  readonly peer_answer: { readonly hex: string };
}
const { captures }: { readonly captures: readonly Capture[] } = JSON.parse(
  readFileSync(new URL("../vectors/data/field-captures.json", import.meta.url), "utf8"),
);
const capture = (id: string): Capture => {
  const found = captures.find((each) => each.id === id);
  if (found === undefined) throw new TypeError(`there is no capture ${id}`);
  return found;
};
const both = (id: string): Report => explain([capture(id).hex, capture(id).peer_answer.hex]);
const ids = ({ causes }: Report): readonly string[] => causes.map(({ id }) => id);
const optionsOf = ({ causes: [first] }: Report): readonly string[] => first?.remedies.flatMap(({ options }) => options) ?? [];

describe("an STM32 with Mbed TLS, secp224r1 and one ECDSA suite", () => {
  const report = both("fc-002-stm32");

  test("both obstacles are told, each with the options that cure it, and nothing else is blamed", () => {
    expect(ids(report)).toEqual(["no-common-group", "suite-needs-other-key"]);
    expect(optionsOf(report)).toContain("MBEDTLS_ECP_DP_SECP256R1_ENABLED");
    const [, second] = report.causes;
    expect(second?.remedies.flatMap(({ options }) => options)).toEqual([
      "MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED",
      "MBEDTLS_RSA_C",
      "MBEDTLS_PKCS1_V15",
      "MBEDTLS_PKCS1_V21",
    ]);
  });

  test("nothing is claimed for certain: the bytes don't show what the server has", () => {
    expect(report.causes.map(({ certainty }) => certainty)).toEqual(["likely", "likely"]);
  });

  test("the stack is recognised by its hello, the server by its alert", () => {
    expect(report.offers.map(({ looksLike }) => looksLike)).toEqual(["mbedtls"]);
    expect(report.failed).toEqual({ by: "server", at: "client_hello" });
    expect(report.alert).toMatchObject({ number: 40, name: "handshake_failure", level: "fatal" });
  });

  test("the text is this one", () => {
    expect(toText(report)).toMatchSnapshot();
  });
});

describe("wolfSSL without supported_groups at a public mail server", () => {
  const report = both("fc-004-wolfssl");

  test("the missing extension is the one cause, and the suites are none", () => {
    expect(ids(report)).toEqual(["no-supported-groups"]);
    expect(optionsOf(report)).toEqual(
      expect.arrayContaining(["HAVE_SUPPORTED_CURVES", "HAVE_TLS_EXTENSIONS", "--enable-supportedcurves"]),
    );
    expect(optionsOf(report).join()).toContain("wolfSSL_UseSupportedCurve");
  });

  test("what is old in the offer is found beside it", () => {
    expect(report.findings.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["no-server-name", "obsolete-suites", "no-tls13"]),
    );
    expect(report.findings.find(({ id }) => id === "obsolete-suites")?.what).toContain("RC4, 3DES");
  });

  test("the text is this one", () => {
    expect(toText(report)).toMatchSnapshot();
  });
});

describe("Mbed TLS 3.6.0 whose PSA was never initialised", () => {
  test("both ends together: the client failed inside, and psa_crypto_init() mends it", () => {
    const report = explain([
      { from: "server", input: "mbedtls_ssl_handshake returned -0x7280" },
      { from: "client", input: "ssl_handshake failed: -0x6c00" },
    ]);
    expect(ids(report)).toEqual(["crypto-not-initialised", "closed-without-alert"]);
    expect(optionsOf(report)).toContain("psa_crypto_init()");
    expect(report.causes[0]?.move).toBe("client");
    expect(toText(report)).toMatchSnapshot();
  });

  test.each(["-0x7280", "-29312", "MBEDTLS_ERR_SSL_CONN_EOF"])(
    "the server's %s alone: the peer ended without a word, and may be such a one",
    (code) => {
      const report = explain(code);
      expect(ids(report)).toEqual(["closed-without-alert"]);
      expect(optionsOf(report)).toContain("psa_crypto_init()");
    },
  );

  test.each(["-0x6c00", "-27648"])("the client's %s alone", (code) => {
    expect(ids(explain(code))).toEqual(["crypto-not-initialised"]);
  });
});

describe("a browser and a self-signed certificate", () => {
  test.each([
    ["TLS 1.3", "-0x7780"],
    ["TLS 1.2", "-0x50"],
  ])("%s: the browser aborts on purpose, and the server is not at fault", (_, code) => {
    const report = explain([
      { from: "server", input: `mbedtls_ssl_handshake returned ${code}` },
      { from: "client", input: "net::ERR_CERT_AUTHORITY_INVALID" },
    ]);
    expect(report.causes[0]?.id).toBe("self-signed");
    expect(report.causes[0]?.remedies.map(({ advice }) => advice).join()).toContain("no fault of this server");
    expect(toText(report)).toMatchSnapshot();
  });
});

describe("what this library itself says", () => {
  const config = serverConfig({
    provider: fakeProvider(),
    now: () => 1,
    credentials: [fakeCredential("RSA")],
    servesAnyName: true,
  });
  const failure = (hex: string) => {
    const accepted = new Acceptor().start().receive(Buffer.from(hex, "hex"));
    const failed = accepted.kind === "accepted" ? accepted.choose(config) : accepted;
    if (failed.kind !== "failed") throw new TypeError(`it leads to ${failed.kind}`);
    return failed;
  };

  test("a refusal is told as negotiate gave it, for certain, in its order", () => {
    const { error } = failure(capture("fc-002-stm32").hex);
    const reasons = error.kind === "no-agreement" ? error.context.reasons.map(({ kind }) => kind) : [];
    const report = explain(failure(capture("fc-002-stm32").hex));
    expect(ids(report)).toEqual(reasons);
    expect(report.causes.every(({ certainty }) => certainty === "certain")).toBe(true);
    expect(report.causes[0]?.apart).toEqual({
      of: "groups",
      client: ["secp224r1"],
      server: ["x25519", "secp256r1", "secp384r1"],
    });
    expect(report.failed).toEqual({ by: "server", at: "client_hello" });
  });

  test("plain HTTP on a TLS port", () => {
    expect(ids(explain(failure(Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n").toString("hex"))))).toEqual(["plain-http"]);
  });

  test("a provider without randomness is a fault of this side", () => {
    const report = explain(faultyRandom());
    expect(report.causes[0]).toMatchObject({ id: "local-fault", move: "this side", certainty: "certain" });
  });
});

describe("little is there", () => {
  test("plain HTTP, as it was caught", () => {
    expect(ids(explain("GET /index.html HTTP/1.1\r\nHost: example.com\r\n\r\n"))).toEqual(["plain-http"]);
  });

  test("one alert alone: what it can mean, by likelihood, and nothing for certain", () => {
    const report = explain("15 03 03 00 02 02 28");
    expect(ids(report).slice(0, 4)).toEqual([
      "no-common-suite",
      "no-common-group",
      "no-supported-groups",
      "suite-needs-other-key",
    ]);
    expect(report.causes.map(({ certainty }) => certainty)).not.toContain("certain");
  });

  test("silence after a big hello: what stands between may drop it, and the remedy that weakens is a stop-gap", () => {
    const chromium = JSON.parse(readFileSync(new URL("../vectors/data/clienthellos.json", import.meta.url), "utf8")).find(
      ({ id }: { id: string }) => id === "chromium",
    );
    const report = explain(chromium.hex, { silence: true });
    expect(ids(report)).toEqual(["big-hello-dropped", "no-answer-to-client-hello"]);
    expect(
      report.causes[0]?.remedies.filter(({ advice }) => /hybrid/.test(advice)).every(({ stopGap }) => stopGap !== undefined),
    ).toBe(true);
  });

  test("silence after a small one says nothing of middleboxes", () => {
    expect(ids(explain(capture("fc-002-stm32").hex, { silence: true }))).toContain("no-answer-to-client-hello");
    expect(ids(explain(capture("fc-002-stm32").hex, { silence: true }))).not.toContain("big-hello-dropped");
  });

  test("nothing that is known", () => {
    const report = explain("the weather is fine");
    expect(report).toMatchObject({ severity: "information", causes: [], seen: [] });
    expect(report.verdict).toContain("Nothing was recognised");
  });

  test("a hello of today's browsers: nothing is wrong with it, and the profiles take it", () => {
    for (const id of ["chromium", "firefox", "node24", "go119", "java17"]) {
      const { hex } = JSON.parse(readFileSync(new URL("../vectors/data/clienthellos.json", import.meta.url), "utf8")).find(
        (each: { id: string }) => each.id === id,
      );
      expect(explain(hex).causes, id).toEqual([]);
    }
  });
});
