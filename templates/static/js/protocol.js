// Sending files in parts: create, put each missing part with its hash, complete.
// The server remembers which parts it has, so sending the same files again sends only the rest.

import { sha256 } from "./sha256.js";

const PARALLEL = 3;
const WAITS_SECONDS = [1, 2, 4, 8, 15, 30, 30, 30];

/** The server's refusal: a sentence for the person, and where the existing copy is, if any. */
export class Refusal extends Error {
  constructor(sentence, existing) {
    super(sentence);
    this.existing = existing;
  }
}

/**
 * Send `chosen` [{path, file}] as one measurement; returns the address of its page.
 * `report.part(path, bytesThere)` after each part, `report.waiting(sentence | null)` while the
 * connection is lost. Throws Refusal.
 */
export async function send({ createUrl, csrf, name, chosen, report }) {
  const announced = chosen.map(({ path, file }) => ({ path, size: file.size }));
  const state = await ask(createUrl, json("POST", csrf, { name, files: announced }), report);
  const locals = new Map(chosen.map((local) => [local.path, local]));
  for (const remote of state.files) {
    await sendFile(remote, locals.get(remote.given), state.part_bytes, csrf, report);
  }
  const done = await ask(state.complete_url, json("POST", csrf, {}), report);
  return done.page;
}

async function sendFile(remote, local, partBytes, csrf, report) {
  let there = 0;
  const numbers = Array.from({ length: Math.ceil(remote.size / partBytes) }, (_, i) => i);
  const worker = async () => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
      const start = number * partBytes;
      const body = await bytes(local, start, Math.min(start + partBytes, remote.size));
      const hash = await sha256(body);
      if (remote.parts[number] !== hash) {
        const headers = { "X-CSRFToken": csrf, "X-Content-SHA256": hash };
        await ask(`${remote.parts_url}${number}/`, { method: "PUT", headers, body }, report);
      }
      there += body.byteLength;
      report.part(local.path, there);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

async function bytes({ path, file }, start, end) {
  try {
    return await file.slice(start, end).arrayBuffer();
  } catch {
    throw new Refusal(`${path} cannot be read any more; it was moved or changed. Choose it again.`);
  }
}

/** Fetch JSON; lost connections are tried again for two minutes, refusals are thrown at once. */
async function ask(url, request, report) {
  for (const seconds of [...WAITS_SECONDS, null]) {
    let response;
    try {
      response = await fetch(url, { credentials: "same-origin", ...request });
    } catch {
      response = null;
    }
    if (response?.ok) {
      report.waiting(null);
      return response.json();
    }
    const answer = await response?.json().catch(() => null);
    // 422: the part was damaged on its way, so the same part is sent again.
    const again = !response || response.status === 422 || [502, 503, 504].includes(response.status);
    if (!again) throw new Refusal(answer?.error ?? sentence(response.status), answer?.existing);
    if (seconds === null) break;
    report.waiting(`The connection was lost; trying again in ${seconds} s. What arrived is kept.`);
    await new Promise((resume) => { setTimeout(resume, seconds * 1000); });
  }
  throw new Refusal("The server cannot be reached. What arrived is kept: press “Upload” to go on.");
}

function json(method, csrf, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrf };
  return { method, headers, body: JSON.stringify(body) };
}

function sentence(status) {
  return `The server answered with an error (${status}). Try again; tell the operator if it stays.`;
}
