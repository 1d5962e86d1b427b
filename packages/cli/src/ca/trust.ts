// How to trust a CA on this machine, and how to take that back.
export interface TrustRecipe {
  readonly where: string;
  /** Whose systems have it. */
  readonly on: readonly NodeJS.Platform[] | "everywhere";
  readonly note?: string;
  readonly trust: string;
  readonly remove: string;
}

/** What a recipe needs to know: its certificate's name and fingerprint, and where the file lies. */
export interface Trusted {
  readonly name: string;
  readonly fingerprint: string;
  /** As it is written in a shell. */
  readonly file: string;
  /** What it is called among the system's certificates. */
  readonly nickname: string;
}

/** Shell commands. */
export function trustRecipes({ name, fingerprint, file, nickname }: Trusted): readonly TrustRecipe[] {
  const linux = ["linux"] as const;
  const needsCertutil = "Needs certutil (Debian and Ubuntu: libnss3-tools; Fedora: nss-tools). Restart the browser.";
  return [
    {
      where: "Chromium and Chrome on Linux",
      on: linux,
      note: needsCertutil,
      trust: `mkdir -p ~/.pki/nssdb && certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n "${name}" -i ${file}`,
      remove: `certutil -d sql:$HOME/.pki/nssdb -D -n "${name}"`,
    },
    {
      where: "Firefox",
      on: "everywhere",
      note: "Firefox has a store of its own, on every system.",
      trust: `Settings, Privacy & Security, View Certificates, Authorities, Import: choose ${file}, tick “identify websites”.`,
      remove: `The same list: select “${name}”, then Delete or Distrust.`,
    },
    {
      where: "macOS (Safari, Chrome)",
      on: ["darwin"],
      trust: `security add-trusted-cert -r trustRoot -p ssl -k ~/Library/Keychains/login.keychain-db ${file}`,
      remove: `security delete-certificate -t -Z ${fingerprint.replaceAll(":", "")} ~/Library/Keychains/login.keychain-db`,
    },
    {
      where: "Windows (Edge, Chrome)",
      on: ["win32"],
      trust: `certutil -user -addstore Root ${file}`,
      remove: `certutil -user -delstore Root "${name}"`,
    },
    {
      where: "Linux, whole system (Debian, Ubuntu)",
      on: linux,
      note: "For programs that use the system's store; browsers don't.",
      trust: `sudo cp ${file} /usr/local/share/ca-certificates/${nickname}.crt && sudo update-ca-certificates`,
      remove: `sudo rm /usr/local/share/ca-certificates/${nickname}.crt && sudo update-ca-certificates --fresh`,
    },
    {
      where: "Linux, whole system (Fedora, Arch)",
      on: linux,
      trust: `sudo trust anchor --store ${file}`,
      remove: `sudo trust anchor --remove ${file}`,
    },
  ];
}

export function isHere({ on }: TrustRecipe, platform: NodeJS.Platform = process.platform): boolean {
  return on === "everywhere" || on.includes(platform);
}

/** As a word of a shell, whatever is in it. */
export function quoted(path: string, platform: NodeJS.Platform = process.platform): string {
  if (/^[\w@%+:,./-]+$/.test(path)) return path;
  return platform === "win32" ? `"${path.replaceAll('"', "")}"` : `'${path.replaceAll("'", `'\\''`)}'`;
}
