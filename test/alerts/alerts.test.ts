// The alert conformance table, row by row: the stimulus is given to the machine on the wire, and what it tells its peer is read
// from bytes that the peer opened with its own keys.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { deviations, deviationsTls12, disputedTls12, gaps, gapsTls12 } from "./exceptions.ts";
import { outcomeOf, type Stimuli } from "./outcome.ts";
import { certificateCompression } from "./rows/certificate-compression.ts";
import { certificates } from "./rows/certificates.ts";
import { clientHellos } from "./rows/client-hellos.ts";
import { connections } from "./rows/connections.ts";
import { earlyData } from "./rows/early-data.ts";
import { framing, statesNeverTried } from "./rows/framing.ts";
import { rawPublicKeyRows, rawPublicKeyRowsTls12 } from "./rows/raw-public-keys.ts";
import { recordSizes, recordSizesTls12 } from "./rows/record-sizes.ts";
import { records } from "./rows/records.ts";
import { resumptions } from "./rows/sessions.ts";
import { serverFlights } from "./rows/server-flights.ts";
import { handshakes as handshakesTls12, statesNeverTriedTls12 } from "./rows/tls12/handshakes.ts";
import { hellos as hellosTls12 } from "./rows/tls12/hellos.ts";
import { records as recordsTls12 } from "./rows/tls12/records.ts";
import { sessionsTls12 } from "./rows/tls12/sessions.ts";
import { ScriptedPeer } from "../support/scripted-peer.ts";
import { rolesOf, rows, type Version } from "./table.ts";

const disputedWords = readFileSync(new URL("disputed.md", import.meta.url), "utf8");

interface OfVersion {
  readonly version: Version;
  readonly families: readonly Stimuli[];
  readonly deviations: typeof deviations;
  readonly gaps: typeof gaps;
  /** Row → what comes instead. */
  readonly disputed: Readonly<Record<string, string>>;
}
const versions: readonly OfVersion[] = [
  {
    version: "1.3",
    families: [
      records,
      framing,
      clientHellos,
      serverFlights,
      certificates,
      resumptions,
      earlyData,
      connections,
      recordSizes,
      certificateCompression,
      rawPublicKeyRows,
    ],
    deviations,
    gaps,
    disputed: {},
  },
  {
    version: "1.2",
    families: [recordsTls12, hellosTls12, handshakesTls12, sessionsTls12, recordSizesTls12, rawPublicKeyRowsTls12],
    deviations: deviationsTls12,
    gaps: gapsTls12,
    disputed: disputedTls12,
  },
];

describe.each(versions)("TLS $version", ({ version, families, deviations, gaps, disputed }) => {
  const stimuli: Stimuli = Object.assign({}, ...families);
  const ofVersion = rows.filter((row) => row.version.includes(version));
  /** Row, or row and role → why it is not tried. */
  const missing: ReadonlyMap<string, string> = new Map(
    Object.entries(gaps).flatMap(([why, ids]) => ids.map((id) => [id, why] as const)),
  );

  describe.each(ofVersion.filter(({ id }) => Object.hasOwn(stimuli, id)).map((row) => [row.id, row] as const))(
    "%s",
    (id, row) => {
      test(`${row.stimulus}: ${row.allowed[0]}`, ({ task }) => {
        const outcomes = (stimuli[id]?.() ?? []).map((each) => (each instanceof ScriptedPeer ? outcomeOf(each) : each));
        const roles = rolesOf(row);
        for (const role of roles) {
          if (missing.has(`${id} ${role}`)) continue;
          expect(
            outcomes.some(({ machine }) => machine === role),
            `tried on a ${role}`,
          ).toBe(true);
        }
        const deviation = deviations[id];
        const instead = disputed[id];
        const preferred = instead !== undefined ? [instead] : deviation === undefined ? row.allowed.slice(0, 1) : deviation.told;
        expect(
          outcomes.filter(({ told }) => !preferred.includes(told)),
          `all others than ${preferred.join(", ")}`,
        ).toEqual([]);
        expect(deviation?.told.filter((told) => !row.allowed.includes(told)) ?? []).toEqual([]);
        for (const told of deviation?.told ?? []) expect(outcomes.map((outcome) => outcome.told)).toContain(told);
        const tried = roles.filter((role) => outcomes.some(({ machine }) => machine === role));
        task.meta.alertRow = { id, version, roles: tried, deviates: deviation !== undefined, disputed: instead !== undefined };
      });
    },
  );

  test("every row is tried, or is listed with the reason why not", () => {
    const unknown = ofVersion.map(({ id }) => id).filter((id) => !Object.hasOwn(stimuli, id) && !missing.has(id));
    expect(unknown).toEqual([]);
  });
  test("no row is both tried and listed, and all that are listed or tried are rows", () => {
    const ids = new Set(ofVersion.map(({ id }) => id));
    expect([...missing.keys()].filter((id) => Object.hasOwn(stimuli, id))).toEqual([]);
    const named = [...Object.keys(stimuli), ...Object.keys(deviations), ...missing.keys()];
    expect(named.filter((id) => !ids.has(id.split(" ")[0] ?? ""))).toEqual([]);
    expect(families.flatMap((family) => Object.keys(family))).toHaveLength(Object.keys(stimuli).length);
  });
  test("a disputed row has its words in disputed.md, and an outcome that the table doesn't allow", () => {
    for (const [id, told] of Object.entries(disputed)) {
      expect(disputedWords).toContain(`\n## ${id}: `);
      expect(ofVersion.find((row) => row.id === id)?.allowed).not.toContain(told);
      expect(Object.keys(deviations)).not.toContain(id);
    }
  });
  test("a deviation names what comes beside or instead of the preferred outcome", () => {
    for (const [id, { told }] of Object.entries(deviations)) {
      expect([id, told]).not.toEqual([id, ofVersion.find((row) => row.id === id)?.allowed.slice(0, 1)]);
    }
  });
});

test("every state that waits for a message has been given every other one", () => {
  expect([...statesNeverTried(), ...statesNeverTriedTls12()]).toEqual([]);
});
