// What core relies on in a provider: one table of checks for all of them. It needs no test runner, so that it runs in Node under
// vitest, and in Deno and Bun by itself (run-contract.ts).
import assert from "node:assert/strict";
import { constants, generateKeyPairSync, type KeyPairKeyObjectResult, randomBytes, sign } from "node:crypto";
import {
  type CipherSuiteName,
  type CryptoProvider,
  type Group,
  type HashImplementation,
  type HashName,
  type MlDsa,
  type MlKem,
  type NamedGroup,
  readPublicKey,
  type SignatureScheme,
  type SyncGroup,
  type SyncVerification,
  type Verification,
} from "@sallyport/core";
import { expand, extract } from "../../packages/core/src/crypto/hkdf.ts";
import { rsaPssKeys } from "./keys.ts";
import { mlDsaKey, mlDsaLibrary, mlDsaSchemes } from "./ml-dsa.ts";
import { asExpected, bytes, type WycheproofTest, wycheproof } from "./wycheproof.ts";

export interface Subject {
  readonly provider: CryptoProvider;
  /** The provider's own form of a private key, from its scalar of full length. */
  privateKey(group: NamedGroup, scalar: Uint8Array): unknown | Promise<unknown>;
  readonly kems: readonly KemSubject[];
  /** Groups that the provider does not list. */
  readonly unlisted: readonly SyncGroup[];
}

/** An implementation of ML-KEM that the provider's groups may be made with. */
export interface KemSubject {
  readonly name: string;
  readonly parameters: 768 | 1024;
  readonly kem: MlKem;
  /** Why it can't be used in this runtime. */
  readonly absent: string | undefined;
  /** From the 64 bytes that FIPS 203 calls d and z. */
  keyPair(seed: Uint8Array): ReturnType<MlKem["generate"]>;
  /** With these 32 bytes as m; absent if the platform draws them. */
  readonly encapsulate?: (encapsulationKey: Uint8Array, message: Uint8Array) => ReturnType<MlKem["encapsulate"]>;
}

export interface Check {
  readonly name: string;
  /** @returns why it was skipped. @throws AssertionError */
  run(): Promise<string | undefined>;
}

export function providerContract(subject: Subject): readonly Check[] {
  const { provider } = subject;
  return [
    ...sealingAndOpening(provider),
    ...keyAgreement(subject),
    ...signatures(provider),
    ...hashing(provider),
    check("random gives so many bytes of its own, and others each time", () => {
      assert.equal(provider.random(0).length, 0);
      assert.notDeepEqual(provider.random(32), provider.random(32));
      assertPlain(provider.random(7));
      assert.equal(provider.random(7).buffer.byteLength, 7);
    }),
  ];
}

export function check(name: string, run: () => void | Promise<void>): Check {
  return {
    name,
    run: async () => {
      await run();
      return undefined;
    },
  };
}

// ── AEAD ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function sealingAndOpening({ suites, hashes }: CryptoProvider): Check[] {
  interface Group {
    readonly ivSize: number;
    readonly keySize: number;
    readonly tagSize: number;
  }
  interface Case {
    readonly key: string;
    readonly iv: string;
    readonly aad: string;
    readonly msg: string;
    readonly ct: string;
    readonly tag: string;
  }
  const suiteNames: Readonly<Record<string, CipherSuiteName>> = {
    "aes_gcm 128": "TLS_AES_128_GCM_SHA256",
    "aes_gcm 256": "TLS_AES_256_GCM_SHA384",
    "chacha20_poly1305 256": "TLS_CHACHA20_POLY1305_SHA256",
  };
  const vectors = ["aes_gcm", "chacha20_poly1305"].map((file) =>
    wycheproof<Group, Case>("every nonce of 12 bytes and tag of 16 seals and opens as written", file, (test, group) => {
      const suite = suites.find(({ name }) => name === suiteNames[`${file} ${group.keySize}`]);
      if (suite === undefined || group.ivSize !== 96 || group.tagSize !== 128) return undefined; // TLS has no such
      const sealed = bytes(test.ct + test.tag);
      const nonce = bytes(test.iv);
      const aad = bytes(test.aad);
      const plaintext = bytes(test.msg);
      const opened = suite.open(bytes(test.key)).open(nonce, aad, Uint8Array.from(sealed));
      if (test.result === "valid") {
        const target = new Uint8Array(sealed.length);
        suite.seal(bytes(test.key)).seal(nonce, aad, plaintext, target, 0);
        if (!same(target, sealed)) return "sealed otherwise";
        if (opened !== undefined && !same(opened, plaintext)) return "opened otherwise";
      }
      return asExpected(test, opened !== undefined);
    }),
  );

  const descriptions = suites.map(({ name, keyLength, hash }) =>
    check(`${name} has the key length and the hash of its name`, () => {
      assert.equal(keyLength, name.includes("128") ? 16 : 32);
      assert.equal(hash, name.endsWith("SHA384") ? "sha384" : "sha256");
      assert.ok(hashes.some((implementation) => implementation.name === hash));
    }),
  );

  const behaviour = suites
    .filter(({ name }) => !name.includes("ECDHE"))
    .flatMap((suite) => {
      const key = pattern(suite.keyLength, 3);
      const nonce = pattern(12, 5);
      const aad = Uint8Array.of(23, 3, 3, 0, 40);
      return [
        check(`${suite.name} seals at any offset, also over its own plaintext, and touches nothing else`, () => {
          const sealer = suite.seal(key);
          for (const length of [0, 1, 15, 16, 17, 64, 1000, 16385]) {
            for (const offset of [0, 1, 5, 8]) {
              const plaintext = pattern(length, 7);
              const apart = new Uint8Array(offset + length + 16 + 9).fill(0xee);
              sealer.seal(nonce, aad, plaintext, apart, offset);
              const inPlace = new Uint8Array(apart.length).fill(0xee);
              inPlace.set(plaintext, offset);
              sealer.seal(nonce, aad, inPlace.subarray(offset, offset + length), inPlace, offset);
              assert.ok(same(inPlace, apart));
              assert.ok(apart.subarray(0, offset).every((byte) => byte === 0xee));
              assert.ok(apart.subarray(offset + length + 16).every((byte) => byte === 0xee));
              const opened = suite.open(key).open(nonce, aad, apart.subarray(offset, offset + length + 16));
              assert.ok(opened !== undefined && same(opened, plaintext));
              assertPlain(opened);
            }
          }
        }),

        check(`${suite.name} opens nothing in which one bit was flipped, in ciphertext, tag, nonce or additional data`, () => {
          const sealed = new Uint8Array(37 + 16);
          suite.seal(key).seal(nonce, aad, pattern(37, 9), sealed, 0);
          const opener = suite.open(key);
          const opens = (iv: Uint8Array, data: Uint8Array, record: Uint8Array): boolean =>
            opener.open(iv, data, Uint8Array.from(record)) !== undefined;
          assert.ok(opens(nonce, aad, sealed));
          for (let bit = 0; bit < sealed.length * 8; bit++) assert.ok(!opens(nonce, aad, flipped(sealed, bit)));
          for (let bit = 0; bit < 96; bit++) assert.ok(!opens(flipped(nonce, bit), aad, sealed));
          for (let bit = 0; bit < 40; bit++) assert.ok(!opens(nonce, flipped(aad, bit), sealed));
          for (let length = 0; length < sealed.length; length++) assert.ok(!opens(nonce, aad, sealed.subarray(0, length)));
        }),

        check(`${suite.name} copies its key, does nothing once that is destroyed, and takes none of another length`, () => {
          const lent = Uint8Array.from(key);
          const sealer = suite.seal(lent);
          const opener = suite.open(lent);
          lent.fill(0);
          const sealed = new Uint8Array(20);
          sealer.seal(nonce, aad, pattern(4, 1), sealed, 0);
          assert.deepEqual(suite.open(key).open(nonce, aad, Uint8Array.from(sealed)), pattern(4, 1));
          assert.deepEqual(opener.open(nonce, aad, Uint8Array.from(sealed)), pattern(4, 1));
          sealer.destroy();
          opener.destroy();
          assert.throws(() => sealer.seal(nonce, aad, pattern(4, 1), sealed, 0));
          assert.throws(() => opener.open(nonce, aad, sealed));
          for (const length of [0, 15, suite.keyLength + 1]) {
            assert.throws(() => suite.seal(new Uint8Array(length)));
            assert.throws(() => suite.open(new Uint8Array(length)));
          }
        }),
      ];
    });
  return [...vectors, ...descriptions, ...behaviour];
}

// ── Key agreement ───────────────────────────────────────────────────────────────────────────────────────────────────

const scalarLengths: Partial<Record<NamedGroup, number>> = { x25519: 32, secp256r1: 32, secp384r1: 48, secp521r1: 66 };

function keyAgreement(subject: Subject): Check[] {
  const { provider } = subject;
  interface Case {
    readonly public: string;
    readonly private: string;
    readonly shared: string;
  }
  const agree = async (name: NamedGroup, scalar: string, share: Uint8Array): Promise<Uint8Array | undefined> => {
    const key = await subject.privateKey(name, leftPadded(bytes(evenly(scalar)), scalarLengths[name] ?? 0));
    return agreement(provider, name).complete(key, share);
  };

  const vectors = [
    wycheproof<object, Case>("TLS refuses a secret of zeros, and takes the rest as written", "x25519", async (test) => {
      const secret = await agree("x25519", test.private, bytes(test.public));
      if (/^0+$/.test(test.shared)) return secret === undefined ? undefined : "a secret of zeros was given";
      return secret !== undefined && same(secret, bytes(test.shared)) ? undefined : "another secret, or none";
    }),
    ...(["secp256r1", "secp384r1", "secp521r1"] as const).flatMap((name) => {
      const judge = async (test: WycheproofTest & Case, share: Uint8Array | undefined): Promise<string | undefined> => {
        const secret = share && (await agree(name, test.private, share));
        if (share?.[0] !== 4) return secret === undefined ? undefined : "a point that is not uncompressed was taken";
        if (secret !== undefined && !same(secret, bytes(test.shared))) return "another secret";
        return asExpected(test, secret !== undefined);
      };
      const bare = wycheproof<object, Case>("bare points, uncompressed alone", `ecdh_${name}_ecpoint`, (test) =>
        judge(test, bytes(test.public)),
      );
      if (name === "secp521r1") return [bare]; // that is all there is
      return [
        bare,
        wycheproof<object, Case>("points in a SubjectPublicKeyInfo of the very curve", `ecdh_${name}`, (test) => {
          const key = readPublicKey(bytes(evenly(test.public)));
          return judge(test, key?.kind === "ec" && key.curve === name ? key.point : undefined);
        }),
      ];
    }),
    check("x25519 gives the secret of RFC 8448 §3, from either side", async () => {
      const client = await subject.privateKey("x25519", bytes(rfc8448.clientPrivate));
      const server = await subject.privateKey("x25519", bytes(rfc8448.serverPrivate));
      const { complete } = agreement(provider, "x25519");
      assert.deepEqual(await complete(client, bytes(rfc8448.serverShare)), bytes(rfc8448.secret));
      assert.deepEqual(await complete(server, bytes(rfc8448.clientShare)), bytes(rfc8448.secret));
    }),
  ];

  const behaviour = provider.groups.map(lifted).flatMap((each) => [
    check(`${each.name}: both sides get the same fresh secret, and shares have their length`, async () => {
      const { share, key } = await each.start();
      assert.equal(share.length, each.shareLength.client);
      const answer = await each.respond(share);
      assert.ok(answer !== undefined, "its own share was refused");
      assert.equal(answer.share.length, each.shareLength.server);
      const secret = await each.complete(key, answer.share);
      assert.deepEqual(secret, answer.secret);
      assert.notDeepEqual((await each.start()).share, share);
      for (const given of [share, answer.share, answer.secret, secret]) assertPlain(given);
    }),

    check(
      `${each.name}: a share of a wrong length, of zeros, off the curve or in another form is undefined, in both roles`,
      async () => {
        const { share, key } = await each.start();
        const formed = (form: number): Uint8Array => Uint8Array.from([form, ...share.subarray(1)]);
        const compressed = Uint8Array.from([2 + ((share.at(-1) ?? 0) & 1), ...share.subarray(1, (share.length + 1) / 2)]);
        const wrongPoints = [flipped(share, 8 * share.length - 1), compressed, ...[0, 2, 3, 5, 6, 7].map(formed)];
        const wrong = [
          new Uint8Array(0),
          new Uint8Array(share.length),
          share.subarray(1),
          Uint8Array.from([...share, 0]),
          ...(/^secp\d+r1$/.test(each.name) ? wrongPoints : []),
        ];
        for (const bad of wrong) {
          assert.equal(await each.complete(key, bad), undefined);
          assert.equal(await each.respond(bad), undefined);
        }
      },
    ),
  ]);
  return [...vectors, ...behaviour];
}

// ── Signatures ──────────────────────────────────────────────────────────────────────────────────────────────────────

function signatures(provider: CryptoProvider): Check[] {
  interface Keyed {
    readonly publicKeyDer: string;
    readonly sha: string;
  }
  interface KeyedByBytes {
    readonly publicKey: string;
  }
  interface Pss extends Keyed {
    readonly mgfSha: string;
    readonly sLen: number;
    readonly keySize: number;
  }
  interface Case {
    readonly msg: string;
    readonly sig: string;
  }
  const verifies = (scheme: SignatureScheme, spki: string, { msg, sig }: Case): Promise<boolean> =>
    checking(provider, scheme).verify(bytes(spki), bytes(msg), bytes(sig));

  const ecSchemes = ["ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512", "ed25519"] as const;
  const strictly = ecSchemes.map((scheme) =>
    wycheproof<Keyed, Case>("strictly", scheme, async (test, group) =>
      asExpected(test, await verifies(scheme, group.publicKeyDer, test)),
    ),
  );

  const lattice = mlDsaSchemes
    .filter((scheme) => provider.verifications.some((each) => each.scheme === scheme))
    .map((scheme) =>
      wycheproof<KeyedByBytes, Case & { readonly ctx?: string }>(
        "with an empty context alone",
        `mldsa_${scheme.slice(-2)}_verify`,
        async (test, { publicKey }) => {
          const accepted = await verifies(scheme, Buffer.from(mlDsaKey(scheme, bytes(publicKey))).toString("hex"), test);
          if ((test.ctx ?? "") === "") return asExpected(test, accepted);
          return accepted ? "accepted, though it is for another context" : undefined;
        },
      ),
    );

  const otherHash = [
    ["ecdsa_secp256r1_sha512", "ecdsa_secp521r1_sha512"],
    ["ecdsa_secp384r1_sha256", "ecdsa_secp256r1_sha256"],
    ["ecdsa_secp384r1_sha512", "ecdsa_secp521r1_sha512"],
  ] as const;
  const unbound = otherHash.map(([file, scheme]) => {
    let left = 40; // each costs milliseconds, and the curves' own files say the rest
    return wycheproof<Keyed, Case>("a scheme means its hash, with any curve, as in TLS 1.2", file, async (test, group) =>
      left-- > 0 ? asExpected(test, await verifies(scheme, group.publicKeyDer, test)) : undefined,
    );
  });

  const pssFiles = [
    "rsa_pss_2048_sha256_mgf1_32",
    "rsa_pss_2048_sha384_mgf1_48",
    "rsa_pss_3072_sha256_mgf1_32",
    "rsa_pss_4096_sha256_mgf1_32",
    "rsa_pss_4096_sha384_mgf1_48",
    "rsa_pss_4096_sha512_mgf1_64",
    "rsa_pss_misc",
  ];
  const pss = pssFiles.map((file) =>
    wycheproof<Pss, Case>("the hash in MGF1 and a salt of its length, nothing else", file, async (test, group) => {
      const hash = hashNames[group.sha];
      if (hash === undefined) return undefined; // no scheme of TLS
      const inTls = group.mgfSha === group.sha && group.sLen === hashLengths[hash] && group.keySize >= 2048;
      const accepted = await verifies(`rsa_pss_rsae_${hash}`, group.publicKeyDer, test);
      return inTls ? asExpected(test, accepted) : accepted ? "accepted with parameters that TLS doesn't have" : undefined;
    }),
  );

  const pkcs1 = [2048, 3072, 4096].flatMap((bits) =>
    (["sha256", "sha384", "sha512"] as const).map((hash) =>
      wycheproof<Keyed, Case>("PKCS #1 v1.5, one encoding alone", `rsa_signature_${bits}_${hash}`, async (test, group) =>
        asExpected(test, await verifies(`rsa_pkcs1_${hash}`, group.publicKeyDer, test)),
      ),
    ),
  );

  const verifications = provider.verifications.map(checked);
  return [
    ...strictly,
    ...lattice,
    ...unbound,
    ...pss,
    ...pkcs1,

    check("a signature is true under its key and scheme, and under every other scheme, key and message false", async () => {
      const message = pattern(100, 4);
      for (const { name, schemes, spki, sign } of sampleKeys()) {
        for (const signed of schemes) {
          const signature = sign(signed, message);
          for (const { scheme, verify } of verifications) {
            assert.equal(
              await verify(spki, message, signature),
              scheme === signed,
              `${name}, signed by ${signed}, checked by ${scheme}`,
            );
            if (scheme !== signed) continue;
            assert.ok(!(await verify(spki, pattern(100, 5), signature)), `${name}, ${scheme}, another message`);
            for (const other of sampleKeys()) {
              assert.ok(
                other.name === name || !(await verify(other.spki, message, signature)),
                `${name}, ${scheme}, key ${other.name}`,
              );
            }
          }
        }
      }
    }),

    check("an RSA signature without the zero that it begins with is false", async () => {
      const [rsa] = sampleKeys().filter(({ name }) => name === "RSA");
      assert.ok(rsa !== undefined);
      for (const scheme of ["rsa_pss_rsae_sha256", "rsa_pkcs1_sha256"] as const) {
        const { verify } = checking(provider, scheme);
        for (let attempt = 0; ; attempt++) {
          const message = pattern(8 + (attempt >> 8), attempt); // one in 256 has such a signature
          const signature = rsa.sign(scheme, message);
          if (signature[0] !== 0) continue;
          assert.ok(await verify(rsa.spki, message, signature));
          assert.ok(!(await verify(rsa.spki, message, signature.subarray(1))));
          break;
        }
      }
    }),

    check("garbage in place of a key or signature is false, and no throw", async () => {
      const message = pattern(3, 1);
      for (const { scheme, verify } of verifications) {
        for (const { name, spki, sign } of sampleKeys().filter(({ schemes }) => schemes.includes(scheme))) {
          const signature = sign(scheme, message);
          for (const bad of [...garbage, signature.subarray(1), signature.subarray(0, -1), Uint8Array.from([...signature, 0])]) {
            assert.equal(await verify(spki, message, bad), false, `${name}, ${scheme}, signature of ${bad.length} bytes`);
          }
          const pointOff = flipped(spki, 8 * spki.length - 1);
          for (const bad of [...garbage, spki.subarray(1), spki.subarray(0, -1), Uint8Array.from([...spki, 0]), pointOff]) {
            assert.equal(await verify(bad, message, signature), false, `${name}, ${scheme}, key of ${bad.length} bytes`);
          }
        }
      }
    }),
  ];
}

interface SampleKey {
  readonly name: string;
  readonly schemes: readonly SignatureScheme[];
  readonly spki: Uint8Array;
  sign(scheme: SignatureScheme, message: Uint8Array): Uint8Array;
}

/** Made once, by node:crypto itself (ML-DSA, which not every runtime has, by the library) and not by a provider. */
function sampleKeys(): readonly SampleKey[] {
  samples ??= [
    sampleKey("P-256", generateKeyPairSync("ec", { namedCurve: "P-256" }), ["ecdsa_secp256r1_sha256"]),
    sampleKey("P-384", generateKeyPairSync("ec", { namedCurve: "P-384" }), ["ecdsa_secp384r1_sha384"]),
    sampleKey("P-521", generateKeyPairSync("ec", { namedCurve: "P-521" }), ["ecdsa_secp521r1_sha512"]),
    sampleKey("Ed25519", generateKeyPairSync("ed25519"), ["ed25519"]),
    sampleKey("RSA", generateKeyPairSync("rsa", { modulusLength: 2048 }), rsaSchemes),
    sampleKey("RSA of 2049 bits", generateKeyPairSync("rsa", { modulusLength: 2049 }), rsaSchemes),
    ...pssKeys(),
    ...mlDsaSchemes.map(mlDsaSample),
  ];
  return samples;
}
let samples: readonly SampleKey[] | undefined;

const rsaSchemes = [
  "rsa_pss_rsae_sha256",
  "rsa_pss_rsae_sha384",
  "rsa_pss_rsae_sha512",
  "rsa_pkcs1_sha256",
  "rsa_pkcs1_sha384",
  "rsa_pkcs1_sha512",
] as const;

/** None where the runtime can't make them: BoringSSL knows no id-RSASSA-PSS keys. */
function pssKeys(): readonly SampleKey[] {
  if ("bun" in process.versions) return [];
  return [
    sampleKey("RSA-PSS", rsaPssKeys(), ["rsa_pss_pss_sha256", "rsa_pss_pss_sha384", "rsa_pss_pss_sha512"]),
    sampleKey("RSA-PSS for SHA-384", rsaPssKeys({ hashAlgorithm: "sha384", mgf1HashAlgorithm: "sha384", saltLength: 48 }), [
      "rsa_pss_pss_sha384",
    ]),
  ];
}

function mlDsaSample(scheme: MlDsa): SampleKey {
  const { publicKey, secretKey } = mlDsaLibrary[scheme].keygen(randomBytes(32));
  return {
    name: scheme,
    schemes: [scheme],
    spki: mlDsaKey(scheme, publicKey),
    sign: (_, message) => mlDsaLibrary[scheme].sign(message, secretKey),
  };
}

function sampleKey(name: string, keys: KeyPairKeyObjectResult, schemes: readonly SignatureScheme[]): SampleKey {
  const { RSA_PKCS1_PSS_PADDING, RSA_PKCS1_PADDING, RSA_PSS_SALTLEN_DIGEST } = constants;
  const pss = { padding: RSA_PKCS1_PSS_PADDING, saltLength: RSA_PSS_SALTLEN_DIGEST };
  return {
    name,
    schemes,
    spki: Uint8Array.from(keys.publicKey.export({ type: "spki", format: "der" })),
    sign: (scheme, message) => {
      const parameters = scheme.startsWith("rsa_pss") ? pss : scheme.startsWith("rsa") ? { padding: RSA_PKCS1_PADDING } : {};
      return Uint8Array.from(sign(/sha\d+$/.exec(scheme)?.[0] ?? null, message, { key: keys.privateKey, ...parameters }));
    },
  };
}

const garbage = [
  ...[[], [0], [0x30], [0x30, 0], [0x30, 0x80], [0x30, 0x84, 255, 255, 255, 255]].map((octets) => Uint8Array.from(octets)),
  ...[
    [0x30, 6, 2, 1, 0, 2, 1, 0],
    [0x30, 6, 2, 1, 1, 2, 1, 1],
  ].map((octets) => Uint8Array.from(octets)), // r and s: 0, 1
  ...[64, 91, 132, 256, 5000].map((length) => pattern(length, 1)),
  ...[0, 255].map((byte) => new Uint8Array(256).fill(byte)),
];

// ── Hashes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function hashing(provider: CryptoProvider): Check[] {
  interface Mac {
    readonly tagSize: number;
  }
  interface MacCase {
    readonly key: string;
    readonly msg: string;
    readonly tag: string;
  }
  interface HkdfCase {
    readonly ikm: string;
    readonly salt: string;
    readonly info: string;
    readonly size: number;
    readonly okm: string;
  }
  const vectors = (["sha256", "sha384"] as const).flatMap((name) => [
    wycheproof<Mac, MacCase>("whole tags, and what shorter ones begin with", `hmac_${name}`, (test, group) => {
      const tag = hash(provider, name)
        .hmac(bytes(test.key), bytes(test.msg))
        .subarray(0, group.tagSize / 8);
      return asExpected(test, same(tag, bytes(test.tag)));
    }),
    wycheproof<object, HkdfCase>("core's HKDF over this provider's HMAC", `hkdf_${name}`, (test) => {
      if (test.flags.includes("SizeTooLarge")) return undefined; // core never asks for more than 255 blocks
      const implementation = hash(provider, name);
      const secret = extract(implementation, bytes(test.salt), bytes(test.ikm));
      const okm = expand(implementation, secret, bytes(test.info), test.size);
      return asExpected(test, same(okm, bytes(test.okm)));
    }),
  ]);
  const behaviour = provider.hashes.flatMap((each) => [
    check(`${each.name} of abc is FIPS 180-4's`, () => {
      const digest = each
        .create()
        .update(Uint8Array.of(97, 98, 99))
        .digest();
      assert.deepEqual(digest, bytes(digestsOfAbc[each.name]));
      assert.equal(each.length, digest.length);
      assertPlain(digest);
      assertPlain(each.hmac(pattern(200, 1), pattern(3, 1)));
    }),
    check(`a clone of ${each.name} and its origin go their own ways`, () => {
      const whole = (...parts: Uint8Array[]): Uint8Array =>
        parts.reduce((running, part) => running.update(part), each.create()).digest();
      const origin = each.create().update(pattern(100, 1));
      const clone = origin.clone();
      origin.update(pattern(50, 2));
      const second = clone.clone();
      clone.update(pattern(3, 3));
      assert.deepEqual(clone.digest(), whole(pattern(100, 1), pattern(3, 3)));
      assert.deepEqual(origin.digest(), whole(pattern(100, 1), pattern(50, 2)));
      assert.deepEqual(second.digest(), whole(pattern(100, 1)));
    }),
  ]);
  return [...vectors, ...behaviour];
}

// ── Tools ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** No Buffer: its `slice` is a view, and it prints otherwise. */
export function assertPlain(given: Uint8Array | undefined): void {
  assert.equal(given?.constructor, Uint8Array);
}

/** A group, asynchronous or not, as its users wait for it. */
export interface Agreement {
  readonly name: NamedGroup;
  readonly shareLength: Group["shareLength"];
  start(): Promise<{ readonly share: Uint8Array; readonly key: unknown }>;
  complete(key: unknown, peerShare: Uint8Array): Promise<Uint8Array | undefined>;
  respond(peerShare: Uint8Array): Promise<{ readonly share: Uint8Array; readonly secret: Uint8Array } | undefined>;
}

export function agreement(provider: CryptoProvider, name: NamedGroup): Agreement {
  const found = provider.groups.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`${provider.name} has no ${name}`);
  return lifted(found);
}

function lifted(given: Group): Agreement {
  const { name, shareLength } = given;
  if ("start" in given) {
    return {
      name,
      shareLength,
      start: async () => given.start(),
      complete: async (key, peerShare) => given.complete(key, peerShare),
      respond: async (peerShare) => given.respond(peerShare),
    };
  }
  return {
    name,
    shareLength,
    start: () => given.startAsync(never),
    complete: (key, peerShare) => given.completeAsync(key, Uint8Array.from(peerShare), never),
    respond: (peerShare) => given.respondAsync(Uint8Array.from(peerShare), never),
  };
}
const never = new AbortController().signal;

/** A verification, asynchronous or not, as its users wait for it. */
interface Checking {
  readonly scheme: SignatureScheme;
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean>;
}

export function checking(provider: CryptoProvider, scheme: SignatureScheme): Checking {
  const found = provider.verifications.find((candidate) => candidate.scheme === scheme);
  if (found === undefined) throw new Error(`${provider.name} has no ${scheme}`);
  return checked(found);
}

function checked(given: Verification): Checking {
  const { scheme } = given;
  if ("verify" in given) {
    return { scheme, verify: async (publicKey, message, signature) => given.verify(publicKey, message, signature) };
  }
  const own = (lent: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(lent);
  return {
    scheme,
    verify: (publicKey, message, signature) => given.verifyAsync(own(publicKey), own(message), own(signature), never),
  };
}

export function group(provider: CryptoProvider, name: NamedGroup): SyncGroup {
  const found = provider.groups.find((candidate) => candidate.name === name);
  if (found === undefined || !("start" in found)) throw new Error(`${provider.name} has no ${name}`);
  return found;
}

export function verification(provider: CryptoProvider, scheme: SignatureScheme): SyncVerification {
  const found = provider.verifications.find((candidate) => candidate.scheme === scheme);
  if (found === undefined || !("verify" in found)) throw new Error(`${provider.name} has no ${scheme}`);
  return found;
}

function hash(provider: CryptoProvider, name: HashName): HashImplementation {
  const found = provider.hashes.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`${provider.name} has no ${name}`);
  return found;
}

export function pattern(length: number, seed: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + seed * 101) & 0xff);
}

export function flipped(original: Uint8Array, bit: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(original, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}

/** Not deepEqual, which is slow on thousands of bytes. */
export function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

function leftPadded(value: Uint8Array, length: number): Uint8Array {
  const digits = value.subarray(Math.max(0, value.length - length));
  return Uint8Array.from([...new Uint8Array(length - digits.length), ...digits]);
}

const evenly = (hex: string): string => (hex.length % 2 === 0 ? hex : `0${hex}`);

const hashNames: Readonly<Record<string, HashName>> = { "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512" };
const hashLengths: Readonly<Record<HashName, number>> = { sha256: 32, sha384: 48, sha512: 64 };
const digestsOfAbc: Readonly<Record<HashName, string>> = {
  sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  sha384: "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
  sha512:
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
};

/** RFC 8448 §3: the key pairs of the first trace, and what HKDF-Extract gets from them. */
const rfc8448 = {
  clientPrivate: "49af42ba7f7994852d713ef2784bcbcaa7911de26adc5642cb634540e7ea5005",
  clientShare: "99381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c",
  serverPrivate: "b1580eeadf6dd589b8ef4f2d5652578cc810e9980191ec8d058308cea216a21e",
  serverShare: "c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f",
  secret: "8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d",
};
