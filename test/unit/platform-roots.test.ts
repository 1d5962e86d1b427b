import { ConfigError } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { platformRoots } from "@sallyport/node";
import { parseCertificate, parsePem, serverVerifier, trustAnchors } from "@sallyport/x509";
import * as tls from "node:tls";
import { afterEach, describe, expect, test, vi } from "vitest";

const newer = vi.hoisted(() => ({ getCACertificates: undefined as undefined | ((type: string) => string[]) }));
vi.mock("node:tls", async (load) => {
  const real = await load<typeof tls>();
  return {
    ...real,
    get getCACertificates() {
      return newer.getCACertificates;
    },
  };
});
afterEach(() => {
  newer.getCACertificates = undefined;
});

test("the bundled roots are Node's own, all of them readable, and good as roots and as anchors", () => {
  const pem = platformRoots("bundled");
  expect(parsePem(pem)).toHaveLength(tls.rootCertificates.length);
  expect(trustAnchors(pem)).toHaveLength(tls.rootCertificates.length);
  expect(serverVerifier({ provider: node, roots: pem }).label).not.toBe(
    serverVerifier({ provider: node, anchors: trustAnchors(pem) }).label,
  );
  for (const { der } of parsePem(pem)) expect(parseCertificate(der).irregularities.length).toBeLessThan(2);
});

describe("where the runtime can't list its trust", () => {
  test("the default is what came with it, and the system's is refused with a remedy", () => {
    expect(platformRoots()).toBe(platformRoots("bundled"));
    expect(() => platformRoots("system")).toThrow(ConfigError);
    expect(() => platformRoots("system")).toThrow('platformRoots("system"): can\'t be listed by this runtime; take "bundled"');
  });
});

describe("where it can", () => {
  test("each source is asked for by its name, and what is there twice is given once", () => {
    const asked: string[] = [];
    newer.getCACertificates = (type) => (asked.push(type), ["one", "two\n", "one\n"]);
    expect([platformRoots(), platformRoots("system"), platformRoots("bundled")]).toEqual(Array(3).fill("one\ntwo\n"));
    expect(asked).toEqual(["default", "system", "bundled"]);
  });
  test("an empty list is refused: with it nobody could be trusted", () => {
    newer.getCACertificates = () => [];
    expect(() => platformRoots("system")).toThrow('platformRoots("system"): is an empty list');
  });
});
