// The flights of one handshake as SVG: time goes down, the client is on the left.
import { type Html, html } from "./html.ts";
import type { SeenMessage } from "./visit.ts";

const width = 760;
const left = 96;
const right = width - left;
const boxLeft = left + 84;
const boxWidth = right - left - 168;
const rowHeight = 32;
const arrowHeight = 30;
const gap = 16;

export function drawFlights(messages: readonly SeenMessage[]): Html {
  const flights = flightsOf(messages);
  const parts: Html[] = [];
  let y = 64;
  for (const flight of flights) {
    for (const message of flight) {
      parts.push(drawMessage(message, y));
      y += rowHeight;
    }
    const [first] = flight;
    if (first !== undefined) parts.push(drawArrow(first, y + 6));
    y += arrowHeight + gap;
  }
  parts.push(drawData(y + 4));
  const height = y + 60;
  const summary = flights.map((flight) => `${flight[0]?.from ?? ""}: ${flight.map(({ type }) => type).join(", ")}`).join("; ");
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="The flights of this handshake. ${summary}">
    <defs>
      <marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="head" d="M0 0 10 5 0 10z"/></marker>
    </defs>
    ${drawSide(left, "your browser", height)}${drawSide(right, "this server", height)}
    ${parts}
  </svg>`;
}

/** Neighbours from the same side. */
function flightsOf(messages: readonly SeenMessage[]): readonly (readonly SeenMessage[])[] {
  const flights: SeenMessage[][] = [];
  for (const message of messages) {
    const last = flights.at(-1);
    if (last?.[0]?.from === message.from) last.push(message);
    else flights.push([message]);
  }
  return flights;
}

function drawSide(x: number, name: string, height: number): Html {
  return html`<line class="life" x1="${x}" y1="44" x2="${x}" y2="${height - 10}"/>
    <rect class="side" x="${x - 74}" y="6" width="148" height="34" rx="17"/><text class="side-name" x="${x}" y="28">${name}</text>`;
}

function drawMessage({ type, length, isProtected }: SeenMessage, y: number): Html {
  return html`<rect class="${isProtected ? "sealed" : "clear"}" x="${boxLeft}" y="${y}" width="${boxWidth}" height="${rowHeight - 5}" rx="6"/>
    <text class="message" x="${boxLeft + 14}" y="${y + 18}">${type}</text>
    <text class="size" x="${boxLeft + boxWidth - 14}" y="${y + 18}">${isProtected ? "sealed, " : "in clear, "}${length.toLocaleString("en")} bytes</text>`;
}

function drawArrow({ from, milliseconds }: SeenMessage, y: number): Html {
  const [start, end] = from === "client" ? [left + 4, right - 4] : [right - 4, left + 4];
  const time = from === "client" ? left - 10 : right + 10;
  return html`<line class="arrow" x1="${start}" y1="${y}" x2="${end}" y2="${y + 12}" marker-end="url(#head)"/>
    <text class="time ${from}" x="${time}" y="${y + 4}">${milliseconds.toFixed(1)} ms</text>`;
}

function drawData(y: number): Html {
  return html`<line class="data" x1="${left + 6}" y1="${y}" x2="${right - 6}" y2="${y}" marker-start="url(#head)" marker-end="url(#head)"/>
    <text class="data-name" x="${width / 2}" y="${y + 22}">application data, sealed both ways: this page</text>`;
}
