// How to trust the demo's CA on this machine, and how to take that back.
import type { Authority } from "./authority.ts";

export interface TrustRecipe {
  readonly where: string;
  readonly note?: string;
  readonly trust: string;
  readonly remove: string;
}

/** Shell commands, in the folder into which `fetch` (see `fetchCommand`) put the file. */
export function trustRecipes({ name, fingerprint }: Authority, port: number): readonly TrustRecipe[] {
  const needsCertutil = "Needs certutil (Debian and Ubuntu: libnss3-tools; Fedora: nss-tools). Restart the browser.";
  return [
    {
      where: "curl",
      note: "Nothing is installed: this one command trusts the file.",
      trust: `curl --cacert sallyport-ca.pem https://localhost:${port}/`,
      remove: "rm sallyport-ca.pem",
    },
    {
      where: "Chromium and Chrome on Linux",
      note: needsCertutil,
      trust: `mkdir -p ~/.pki/nssdb && certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n "${name}" -i sallyport-ca.pem`,
      remove: `certutil -d sql:$HOME/.pki/nssdb -D -n "${name}"`,
    },
    {
      where: "Firefox",
      note: "Firefox has a store of its own, on every system.",
      trust: "Settings, Privacy & Security, View Certificates, Authorities, Import: choose sallyport-ca.pem, tick “identify websites”.",
      remove: `The same list: select “${name}”, then Delete or Distrust.`,
    },
    {
      where: "macOS (Safari, Chrome)",
      trust: "security add-trusted-cert -r trustRoot -p ssl -k ~/Library/Keychains/login.keychain-db sallyport-ca.pem",
      remove: `security delete-certificate -t -Z ${fingerprint.replaceAll(":", "")} ~/Library/Keychains/login.keychain-db`,
    },
    {
      where: "Windows (Edge, Chrome)",
      trust: "certutil -user -addstore Root sallyport-ca.pem",
      remove: `certutil -user -delstore Root "${name}"`,
    },
    {
      where: "Linux, whole system (Debian, Ubuntu)",
      note: "For programs that use the system's store; browsers don't.",
      trust: "sudo cp sallyport-ca.pem /usr/local/share/ca-certificates/sallyport-demo.crt && sudo update-ca-certificates",
      remove: "sudo rm /usr/local/share/ca-certificates/sallyport-demo.crt && sudo update-ca-certificates --fresh",
    },
    {
      where: "Linux, whole system (Fedora, Arch)",
      trust: "sudo trust anchor --store sallyport-ca.pem",
      remove: "sudo trust anchor --remove sallyport-ca.pem",
    },
  ];
}

/** Unverified on purpose: the fingerprint, which the terminal shows too, is what counts. */
export function fetchCommand(port: number): string {
  return `curl --insecure --output sallyport-ca.pem https://localhost:${port}/ca.pem`;
}
