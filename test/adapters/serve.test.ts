// `sallyport serve` and `ca`: whose certificate it is, who can read its key, and which files are given to whom.
import { spawnSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, KeyObject } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { get, type RequestOptions } from "node:https";
import type { IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { fc, test as check } from "@fast-check/vitest";
import type { Bytes } from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import { lint } from "@sallyport/explain";
import { credential, serverVerifier } from "@sallyport/x509";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { identifierOf, type Issuer, leafFor, pemOf, signAuthority } from "../../packages/cli/src/ca/issue.ts";
import { AuthorityError, openAuthority } from "../../packages/cli/src/ca/local-authority.ts";
import { isPermitted, nameConstraints } from "../../packages/cli/src/ca/names.ts";
import { folderOfAuthority } from "../../packages/cli/src/ca/place.ts";
import { isHere, quoted, trustRecipes } from "../../packages/cli/src/ca/trust.ts";
import { sallyport } from "../support/command-line.ts";
import { fileFor } from "../../packages/cli/src/serve/folder.ts";
import { openSite, type Site } from "../../packages/cli/src/serve/site.ts";
import { keyPair, presented, verdict } from "../support/chains.ts";
import { startDemo } from "../support/demo.ts";
import { versionOf } from "../support/processes.ts";

const made = mkdtempSync(join(tmpdir(), "sallyport-serve-"));
afterAll(() => rmSync(made, { recursive: true, force: true }));
let number = 0;
const freshFolder = (): string => join(made, `ca-${number++}`);
const modeOf = (path: string): number => statSync(path).mode & 0o777;
const derOf = (pem: string): Bytes =>
  Uint8Array.from(Buffer.from(/-----BEGIN CERTIFICATE-----([^-]*)/.exec(pem)?.[1] ?? "", "base64"));

describe("the local CA", () => {
  test("is made once, in a folder and a file that only its user can read", async () => {
    const folder = freshFolder();
    const first = await openAuthority(folder);
    const again = await openAuthority(folder);
    expect([first.isNew, again.isNew]).toEqual([true, false]);
    expect(again.fingerprint).toBe(first.fingerprint);
    expect([modeOf(folder), modeOf(first.keyFile), modeOf(first.file)]).toEqual([0o700, 0o600, 0o644]);
    expect(readFileSync(first.file, "utf8")).not.toContain("PRIVATE KEY");
  });

  test("is the same for two that make it at the same moment", async () => {
    const folder = freshFolder();
    const all = await Promise.all(Array.from({ length: 5 }, () => openAuthority(folder)));
    expect(new Set(all.map(({ fingerprint }) => fingerprint)).size).toBe(1);
  });

  test.each([
    ["a key that others can read", (file: string) => chmodSync(file, 0o640), /others may read the private key/],
    ["a link", (file: string) => (rmSync(file), symlinkSync("/etc/hosts", file)), /is no file/],
    ["a folder into which others can write", (file: string) => chmodSync(join(file, ".."), 0o770), /others may write into/],
    ["what is no PEM", (file: string) => writeFileSync(file, "hello"), /is no certificate with its key/],
  ])("refuses %s, and says what to do", async (_, spoil, words) => {
    const folder = freshFolder();
    const { keyFile } = await openAuthority(folder);
    spoil(keyFile);
    await expect(openAuthority(folder)).rejects.toThrow(words);
    await expect(openAuthority(folder)).rejects.toBeInstanceOf(AuthorityError);
  });

  test("refuses somebody else's CA, and one that is about to end", async () => {
    const folder = freshFolder();
    mkdirSync(folder, { recursive: true });
    const keys = await keyPair("P-256");
    const spki = new Uint8Array(await crypto.subtle.exportKey("spki", keys.publicKey));
    const keyPem = String(KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" }));
    const write = async (name: string, days: number): Promise<void> => {
      const issuer: Issuer = { name, key: keys.privateKey, keyIdentifier: identifierOf(spki) };
      writeFileSync(join(folder, "authority.pem"), pemOf(await signAuthority(issuer, spki, days, nameConstraints())) + keyPem, {
        mode: 0o600,
      });
    };
    await write("CN=$(reboot)", 700);
    await expect(openAuthority(folder)).rejects.toThrow(/holds what Sallyport did not make/);
    await write("CN=old", 10);
    await expect(openAuthority(folder)).rejects.toThrow(/ends at .*ca --new/);
  });

  test("issues what a strict verifier takes, for every name", async () => {
    const authority = await openAuthority(freshFolder());
    const names = ["localhost", "127.0.0.1", "::1", "app.test", "192.168.7.8", "fd00::1", "box.local"] as const;
    const { chainPem, keyPem } = await authority.issue([...names]);
    const verifier = serverVerifier({ provider: node, roots: authority.pem });
    for (const serverName of names) {
      expect(verdict(verifier, presented([derOf(chainPem)], { serverName, nowMs: Date.now() }))).toBe("trusted");
    }
    const server = {
      provider: node,
      now: Date.now,
      credentials: [credential({ chain: chainPem, signer: signer(keyPem) })] as const,
    };
    const report = lint({ server }, { privateRoots: authority.pem });
    expect(report.outcomes.filter(({ result }) => result === "fails")).toEqual([]);
  });

  test("issues for nobody beyond, and a certificate that its key signs for somebody all the same is refused", async () => {
    const authority = await openAuthority(freshFolder());
    await expect(authority.issue(["localhost", "example.com"])).rejects.toThrow(/not good for example\.com/);
    const key = createPrivateKey(readFileSync(authority.keyFile));
    const imported = await crypto.subtle.importKey(
      "pkcs8",
      key.export({ type: "pkcs8", format: "der" }),
      { name: "ECDSA", namedCurve: "P-256" },
      false,
      ["sign"],
    );
    const spki = derOf(authority.pem);
    const issuer: Issuer = { name: `CN=${authority.name}`, key: imported, keyIdentifier: identifierOf(spki) };
    const stray = await leafFor(
      generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
      issuer,
      "example.com",
      [{ type: "dns", value: "example.com" }],
      30,
    );
    const verifier = serverVerifier({ provider: node, roots: authority.pem });
    expect(verdict(verifier, presented([derOf(stray.chainPem)], { nowMs: Date.now() }))).toMatch(/name-not-allowed/);
  });

  test.runIf(versionOf("openssl", "version") !== undefined)("is taken by OpenSSL, and for no other name", async () => {
    const authority = await openAuthority(freshFolder());
    const { chainPem } = await authority.issue(["localhost", "10.1.2.3"]);
    const leaf = join(made, "leaf.pem");
    writeFileSync(leaf, chainPem);
    const verify = (...args: readonly string[]): string => {
      const { stdout, stderr } = spawnSync("openssl", ["verify", "-x509_strict", "-CAfile", authority.file, ...args, leaf], {
        encoding: "utf8",
      });
      return stdout + stderr;
    };
    expect(verify("-verify_hostname", "localhost", "-purpose", "sslserver")).toMatch(/OK/);
    expect(verify("-verify_ip", "10.1.2.3")).toMatch(/OK/);
    expect(verify("-verify_hostname", "example.com")).toMatch(/hostname mismatch/);
  });

  test.each([
    ["localhost", true],
    ["a.b.test", true],
    ["test", true],
    ["10.255.0.1", true],
    ["172.31.0.1", true],
    ["172.32.0.1", false],
    ["8.8.8.8", false],
    ["127.9.9.9", true],
    ["::1", true],
    ["::2", false],
    ["fe80::1", true],
    ["2001:db8::1", false],
    ["example.com", false],
    ["evillocalhost", false],
    ["a..test", false],
    ["", false],
    ["*.test", false],
    [`${"a".repeat(64)}.test`, false],
    ["$(x).test", false],
  ] as const)("%j: %s", (name, permitted) => {
    expect(isPermitted(name)).toBe(permitted);
  });

  test("lies where each system keeps a user's data, or where SALLYPORT_CA says", () => {
    expect(folderOfAuthority({ SALLYPORT_CA: "/x" }, "linux")).toBe("/x");
    expect(folderOfAuthority({ XDG_DATA_HOME: "/data" }, "linux")).toBe("/data/sallyport");
    expect(folderOfAuthority({}, "darwin")).toMatch(/Library\/Application Support\/sallyport$/);
    expect(folderOfAuthority({ LOCALAPPDATA: "/local" }, "win32")).toBe("/local/sallyport");
  });

  test("is explained for this system and for Firefox, and a path is a word of the shell whatever is in it", () => {
    const recipes = trustRecipes({
      name: "n",
      fingerprint: "AB:CD",
      file: quoted("/home/o'neill/a b$(x)/ca.pem", "linux"),
      nickname: "c",
    });
    const here = (platform: NodeJS.Platform) => recipes.filter((recipe) => isHere(recipe, platform)).map(({ where }) => where);
    expect(here("darwin")).toEqual(["Firefox", "macOS (Safari, Chrome)"]);
    expect(here("win32")).toEqual(["Firefox", "Windows (Edge, Chrome)"]);
    expect(here("linux")).toHaveLength(4);
    const word = quoted("/home/o'neill/a b$(x)/ca.pem", "linux");
    expect(spawnSync("sh", ["-c", `printf %s ${word}`], { encoding: "utf8" }).stdout).toBe("/home/o'neill/a b$(x)/ca.pem");
  });
});

describe("the folder", () => {
  const root = join(made, "www");
  beforeAll(() => {
    mkdirSync(join(root, "sub", ".hidden"), { recursive: true });
    mkdirSync(join(root, ".well-known"));
    mkdirSync(join(root, "indexed-by-a-link"));
    for (const [path, content] of [
      ["index.html", "home"],
      ["sub/a b.txt", "0123456789"],
      ["sub/.hidden/x", "no"],
      [".env", "no"],
      [".well-known/y", "yes"],
      ["../outside.txt", "no"],
      ["../www-2.txt", "no"],
    ] as const)
      writeFileSync(join(root, path), content);
    symlinkSync("../outside.txt", join(root, "link.txt"));
    symlinkSync("..", join(root, "up"));
    symlinkSync("sub/.hidden/x", join(root, "visible"));
    symlinkSync("index.html", join(root, "other.html"));
    symlinkSync("loop", join(root, "loop"));
    symlinkSync("../../outside.txt", join(root, "indexed-by-a-link", "index.html"));
    spawnSync("mkfifo", [join(root, "pipe")]);
  });

  test.each([
    ["/", "index.html"],
    ["/index.html", "index.html"],
    ["/?q=/../x", "index.html"],
    ["//index.html", "index.html"],
    ["/sub/a%20b.txt", "sub/a b.txt"],
    ["/.well-known/y", ".well-known/y"],
    ["/other.html", "index.html"],
  ] as const)("%s is a file", async (target, path) => {
    expect(await fileFor(root, target)).toEqual({ kind: "file", path });
  });

  test.each([
    "/../outside.txt",
    "/..%2foutside.txt",
    "/%2e%2e/outside.txt",
    "/sub/../../outside.txt",
    "/../www-2.txt",
    "/link.txt",
    "/up/outside.txt",
    "/visible",
    "/.env",
    "/sub/.hidden/x",
    "/sub/",
    "/pipe",
    "/loop",
    "/indexed-by-a-link/",
    "/index.html/",
    "/none",
    "//evil.example/",
    "/%00",
    "/index.html%00",
    "/%zz",
    "http://x/",
    "*",
    "",
  ])("%j is nothing", async (target) => {
    expect((await fileFor(root, target)).kind).toBe("nothing");
  });

  test("a folder without its slash is elsewhere, on this very host", async () => {
    expect(await fileFor(root, "/sub")).toEqual({ kind: "elsewhere", location: "/sub/" });
    expect(await fileFor(root, "//sub")).toEqual({ kind: "elsewhere", location: "/sub/" });
  });

  const part = fc.oneof(
    fc.constantFrom("..", ".", "%2e%2e", "sub", "up", "link.txt", "..%2f", "%5c..", "", "/", "\\", "\0", "%00"),
    fc.string({ maxLength: 4 }),
  );
  check.prop([fc.array(part, { maxLength: 6 })], { numRuns: 500 })(
    "whatever is asked for, nothing outside is a file",
    async (parts) => {
      const found = await fileFor(root, `/${parts.join("/")}`);
      if (found.kind === "file") expect(found.path).toMatch(/^(index\.html|sub\/a b\.txt|\.well-known\/y)$/);
      if (found.kind === "elsewhere") expect(found.location).toMatch(/^\/[^/]/);
    },
  );

  describe("over HTTPS", () => {
    let site: Site;
    let ca: string;
    const logged: string[] = [];
    beforeAll(async () => {
      const authority = await openAuthority(freshFolder());
      ca = authority.pem;
      site = await openSite({
        folder: root,
        identity: await authority.issue(["localhost"]),
        host: "127.0.0.1",
        port: 0,
        log: (line) => void logged.push(line),
      });
    });
    afterAll(() => site.close());

    interface Answer {
      readonly status: number | undefined;
      readonly headers: IncomingHttpHeaders;
      readonly body: string;
    }
    function ask(path: string, more: RequestOptions = {}): Promise<Answer> {
      return new Promise((resolve, reject) => {
        const request = get(
          { host: "127.0.0.1", servername: "localhost", port: site.port, path, ca, agent: false, ...more },
          (response) => {
            let body = "";
            response.setEncoding("utf8").on("data", (text: string) => {
              body += text;
            });
            response.once("end", () => resolve({ status: response.statusCode, headers: response.headers, body }));
          },
        );
        request.once("error", reject);
      });
    }

    test("a file comes with its type and a tag, a part of it as 206, and nothing where nothing has changed", async () => {
      const whole = await ask("/sub/a%20b.txt");
      expect(whole).toMatchObject({
        status: 200,
        body: "0123456789",
        headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
      });
      expect(await ask("/sub/a%20b.txt", { headers: { range: "bytes=2-4" } })).toMatchObject({ status: 206, body: "234" });
      expect((await ask("/sub/a%20b.txt", { headers: { range: "bytes=90-" } })).status).toBe(416);
      expect(await ask("/sub/a%20b.txt", { headers: { "if-none-match": whole.headers.etag } })).toMatchObject({
        status: 304,
        body: "",
      });
    });

    test("HEAD has no body, POST is not allowed, a link that leads out is not found", async () => {
      expect(await ask("/", { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
      expect(await ask("/", { method: "DELETE" })).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
      expect(await ask("/link.txt")).toMatchObject({ status: 404, body: "404\n" });
      expect(await ask("/..%2foutside.txt")).toMatchObject({ status: 404 });
    });

    test.each([
      ["a header that comes line by line for ever", "GET / HTTP/1.1\r\nHost: localhost\r\n"],
      ["no word at all behind the handshake", ""],
    ])("%s is ended, though something moves all the time", async (_, begin) => {
      const authority = await openAuthority(freshFolder());
      const hasty = await openSite({
        folder: root,
        identity: await authority.issue(["localhost"]),
        host: "127.0.0.1",
        port: 0,
        log: () => {},
        headerMs: 400,
      });
      const slow = connect({ host: "127.0.0.1", servername: "localhost", port: hasty.port, ca: authority.pem });
      slow.on("error", () => {});
      const drip = setInterval(() => begin !== "" && slow.write("X-More: 1\r\n"), 50);
      try {
        slow.write(begin);
        const since = performance.now();
        await new Promise((resolve) => slow.resume().once("close", resolve));
        expect(performance.now() - since).toBeLessThan(3_000);
      } finally {
        clearInterval(drip);
        slow.destroy();
        hasty.close();
      }
    });

    test("who asks for another name is refused before a byte of HTTP: a page elsewhere can't be led here", async () => {
      await expect(ask("/", { servername: "evil.example" })).rejects.toThrow(/unrecognized name|alert/i);
      // The line comes when the alert is delivered.
      await vi.waitFor(() => expect(logged.at(-1)).toMatch(/no handshake: The client wants evil\.example/));
    });
  });
});

describe("the commands", () => {
  const before = process.env["SALLYPORT_CA"];
  afterEach(() => {
    if (before === undefined) delete process.env["SALLYPORT_CA"];
    else process.env["SALLYPORT_CA"] = before;
  });
  const sallyportIn = (folder: string, ...args: readonly string[]): ReturnType<typeof sallyport> => {
    process.env["SALLYPORT_CA"] = folder;
    return sallyport(...args);
  };

  test("ca shows where it lies, exports the certificate without the key, and forgets it", async () => {
    const folder = freshFolder();
    const shown = await sallyportIn(folder, "ca");
    expect(shown).toMatchObject({ code: 0, output: expect.stringContaining(join(folder, "authority.pem")) });
    expect(shown.output).toMatch(/Firefox\n[\s\S]*trust: [\s\S]*remove: /);
    const exported = await sallyportIn(folder, "ca", "--export", "-");
    expect(exported.output).toMatch(/^-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n?$/);
    const { name } = JSON.parse((await sallyportIn(folder, "ca", "--json")).output);
    const renewed = await sallyportIn(folder, "ca", "--new");
    expect(renewed.output).toContain(`Where ${name} was trusted, remove it`);
    expect(JSON.parse((await sallyportIn(folder, "ca", "--json")).output).name).not.toBe(name);
    expect((await sallyportIn(folder, "ca", "--remove")).code).toBe(0);
    expect(await sallyportIn(folder, "ca", "--remove")).toMatchObject({
      code: 1,
      output: expect.stringContaining("there is no local CA"),
    });
  });

  test.each([
    [["serve", "--name", "example.com"], 2, /not good for example\.com/],
    [["serve", "/no/such/folder"], 1, /ENOENT/],
    [["serve", "a", "b"], 2, /one folder/],
    [["ca", "x"], 2, /options alone/],
  ] as const)("%j ends with %i", async (args, code, words) => {
    const ended = await sallyportIn(freshFolder(), ...args);
    expect(ended.output).toMatch(words);
    expect(ended.code).toBe(code);
  });

  test("serve tells where, as JSON too, and ends with 0 when it is interrupted", async () => {
    const env = { SALLYPORT_CA: freshFolder() };
    const running = startDemo(["serve", made, "--port", "0", "--json"], { env, timeoutMs: 60_000 });
    await running.saw(/\}\n\}/, 50_000);
    const { urls, ca } = JSON.parse(running.output());
    expect(urls).toEqual([expect.stringMatching(/^https:\/\/localhost:\d+\/$/)]);
    expect(ca.file).toBe(join(env.SALLYPORT_CA, "ca.pem"));
    running.child.kill("SIGINT");
    expect(await running.ended).toBe(0);
  }, 70_000);
});
