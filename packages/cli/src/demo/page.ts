// The demo's pages: no script, nothing from elsewhere. What came from the wire is escaped by `html`.
import { createHash } from "node:crypto";
import { count, printable, version } from "@sallyport/explain";
import { type Agreement, agreementsOf } from "./agreement.ts";
import type { Authority } from "./authority.ts";
import { Html, html } from "./html.ts";
import { extensionsOf, type Field, fieldsOf, suitesOf, type Value } from "./offer.ts";
import { drawFlights } from "./picture.ts";
import { style } from "./style.ts";
import { fetchCommand, type TrustRecipe, trustRecipes } from "./trust.ts";
import type { Visit } from "./visit.ts";

/** The source in a Content-Security-Policy that lets exactly our style sheet in. */
export const stylePolicy: string = `'sha256-${createHash("sha256").update(style).digest("base64")}'`;

/** @param port at which this is served, for the commands on the page */
export function renderPage(visit: Visit, authority: Authority, port: number): string {
  const { clientHello, info } = visit;
  const chips = [version(info.version), info.suite, info.group, info.ownSignatureScheme, info.alpn].filter(
    (chip) => chip !== undefined,
  );
  const extensions = extensionsOf(clientHello);
  const grease = [...fieldsOf(clientHello), ...extensions]
    .flatMap(({ values }) => values)
    .filter(({ isGrease }) => isGrease).length;
  return shell(
    "Sallyport: your handshake",
    html`<header>
      ${gate}
      <div>
        <h1>You are in, through both doors</h1>
        <p class="lead">This page came over ${version(info.version)} from a state machine in TypeScript that does no I/O. At its first door
        it read what your browser offered; at the second it decided. Here is that handshake: yours, a moment ago.</p>
        <ul class="chips">${chips.map((chip) => html`<li>${printable(chip)}</li>`)}</ul>
      </div>
    </header>
    <nav><a href="#flights">The flights</a><a href="#agreed">What was agreed, and why</a>
      <a href="#offered">What your browser offered</a><a href="#trust">Trust this CA</a>
      <a href="/inspect">Open any handshake</a></nav>
    <section id="flights">
      <h2>The flights</h2>
      <p>Who said what, in order. The times count from the moment at which your ClientHello was here, on this server's clock.</p>
      <figure>${drawFlights(visit.messages)}</figure>
    </section>
    <section id="agreed">
      <h2>What was agreed, and why</h2>
      <dl>${agreementsOf(visit).map(renderAgreement)}</dl>
    </section>
    <section id="offered">
      <h2>What your browser offered</h2>
      <p>The whole ClientHello: ${count(clientHello.raw.length, "byte")}, in clear, ${count(suitesOf(clientHello).length, "cipher suite")}
      and ${count(extensions.length, "extension")} in the order in which they came${grease === 0 ? "" : html`, ${count(grease, "value")} of it GREASE`}.</p>
      ${renderFields("Fields", fieldsOf(clientHello))}
      ${renderFields("Extensions", extensions)}
      <p>To see each field beside its bytes, take the message from here to the <a href="/inspect">inspector</a>, which also opens captures
      and logs of handshakes that failed.</p>
      <details><summary>The message, byte by byte</summary><pre class="bytes">${Buffer.from(clientHello.raw).toString("hex")}</pre></details>
    </section>
    <section id="trust">
      <h2>Trust this CA, and take it back</h2>
      <p>If your browser warned you, it did its job: nobody vouches for this server but a CA that was made when the demo started,
      <strong>${authority.name}</strong>. Its key signed this server's certificate and was thrown away, and it is good for localhost
      alone. Each start makes another one, so remove it when you are done.</p>
      <p>Get <a href="/ca.pem" download="sallyport-ca.pem">sallyport-ca.pem</a> here, or with <code>${fetchCommand(port)}</code>. Its SHA-256
      fingerprint, which the terminal shows as well:</p>
      <pre class="fingerprint">${authority.fingerprint}</pre>
      <div class="recipes">${trustRecipes(authority, port).map(renderRecipe)}</div>
    </section>`,
  );
}

export function renderNotFound(): string {
  return shell(
    "Sallyport: not here",
    html`<header>${gate}<div><h1>Nothing here</h1><p class="lead"><a href="/">Your handshake</a> is at the top.</p></div></header>`,
  );
}

function shell(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Html(style)}</style>
</head>
<body>
<main>${body}</main>
<footer>Sallyport, a gate with two doors. No script, no cookie, nothing from elsewhere on this page.</footer>
</body>
</html>
`.text;
}

const gate: Html = html`<svg class="gate" viewBox="0 0 72 72" aria-hidden="true">
  <path class="wall" d="M4 68V24h8v-8h10v8h9v-8h10v8h9v-8h10v8h8v44z"/>
  <path class="door" d="M20 68V50a16 16 0 0 1 32 0v18z"/><path class="inner" d="M28 68V52a8 8 0 0 1 16 0v16z"/>
</svg>`;

function renderAgreement({ what, value, because }: Agreement): Html {
  return html`<div><dt>${what}</dt><dd><b>${value}</b><p>${because}</p></dd></div>`;
}

function renderFields(title: string, fields: readonly Field[]): Html {
  return html`<h3>${title}</h3><dl class="fields">${fields.map(
    ({ name, meaning, values }) => html`<div><dt>${name}<p>${meaning}</p></dt><dd>${values.map(renderValue)}</dd></div>`,
  )}</dl>`;
}

/** Bytes beyond this are counted and not shown; the whole message is at the end of the section. */
const shownDigits = 128;

function renderValue({ text, isGrease, isRaw }: Value): Html {
  if (!isRaw) return html`<span class="${isGrease ? "value grease" : "value"}">${text}</span>`;
  if (text.length <= shownDigits) return html`<code>${text}</code>`;
  return html`<code>${text.slice(0, shownDigits)}</code> <small>and ${count((text.length - shownDigits) / 2, "byte")} more</small>`;
}

function renderRecipe({ where, note, trust, remove }: TrustRecipe): Html {
  return html`<details><summary>${where}</summary>${note === undefined ? undefined : html`<p>${note}</p>`}
    <h4>Trust</h4><pre>${trust}</pre><h4>Remove</h4><pre>${remove}</pre></details>`;
}
