// The page of a run on calorimeter events: one event in figures, its samples, and the list of all.

import { draw } from "./figure.js";

const config = JSON.parse(document.getElementById("events-config").textContent);
const element = (id) => document.getElementById(id);
const number = element("event-number");
const shown = element("shown");
const steps = { before: element("event-before"), after: element("event-after") };
const PAGE = 20;
const BLINK = 500; // ms a sample stays

let mean = null; // the figure of the prediction of the event that is shown
let drawn = new Map(); // figures of its samples and steps, as they arrive

const cell = (text, tag = "td") => {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = "number";
  return made;
};

function rowsOf(particles) {
  return particles.map((each) => {
    const row = document.createElement("tr");
    const gev = (mev) => (mev / 1000).toFixed(2);
    const place = cell(`${each.x.toFixed(0)}, ${each.y.toFixed(0)}`, "th");
    place.scope = "row";
    row.append(
      place,
      cell(`${gev(each.energy)} (${gev(each.lower)} to ${gev(each.upper)})`),
      cell(`${Math.round(100 * each.absent)} %`),
      cell(each.risk.toFixed(2)),
    );
    return row;
  });
}

function choices(names) {
  const option = (value, label) => {
    const made = document.createElement("option");
    made.value = value;
    made.textContent = label;
    return made;
  };
  const way = names.map((name, k) => option(name, `Sample 1, after step ${k + 1} of its way`));
  const samples = Array.from({ length: config.samples }, (_, k) => option(`s${k}`, `Sample ${k + 1}`));
  const truth = config.truth ? [option("truth", "The truth in the files")] : [];
  shown.replaceChildren(option("", "the mean"), ...truth, ...samples, ...way);
}

async function open(wanted) {
  const answer = await fetch(`${config.event}?number=${encodeURIComponent(wanted)}`);
  if (!answer.ok) {
    element("event-words").textContent = `There is no event ${wanted}.`;
    return;
  }
  const event = await answer.json();
  number.value = event.number;
  element("event-words").textContent = event.words;
  for (const [way, button] of Object.entries(steps)) {
    button.disabled = event[way] === null;
    button.dataset.number = event[way] ?? "";
  }
  element("particle-rows").replaceChildren(...rowsOf(event.particles));
  choices(event.steps);
  drawn = new Map();
  mean = event.figures.prediction;
  element("shown-name").textContent = "Prediction: the mean";
  for (const [name, figure] of Object.entries(event.figures)) {
    await draw(element(`figure-${name}`), figure, config.plotly);
  }
}

async function show() {
  const name = shown.value;
  if (name && !drawn.has(name)) {
    const answer = await fetch(`${config.event}?number=${number.value}&shown=${name}`);
    if (!answer.ok) return;
    drawn.set(name, (await answer.json()).figure);
  }
  if (shown.value !== name) return;
  const label = shown.selectedOptions[0].textContent;
  element("shown-name").textContent = name === "truth" ? label : `Prediction: ${label.toLowerCase()}`;
  await draw(element("figure-prediction"), name ? drawn.get(name) : mean, config.plotly);
}

let blinking;
element("blink").addEventListener("change", ({ target }) => {
  clearInterval(blinking);
  if (!target.checked) return;
  let k = -1;
  blinking = setInterval(() => {
    k = (k + 1) % config.samples;
    shown.value = `s${k}`;
    show();
  }, BLINK);
});
shown.addEventListener("change", show);
number.addEventListener("change", () => open(number.value));
for (const button of Object.values(steps)) {
  button.addEventListener("click", () => open(button.dataset.number));
}

const list = config.list;
const order = list.event.map((_, k) => k);
let first = 0;
let sorted = { column: "event", up: true };

function listed() {
  const rows = order.slice(first, first + PAGE).map((k) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    const button = document.createElement("button");
    head.scope = "row";
    head.className = "number";
    button.type = "button";
    button.textContent = list.event[k];
    button.addEventListener("click", () => {
      open(list.event[k]);
      element("one").scrollIntoView();
    });
    head.append(button);
    row.append(
      head, cell((list.energy[k] / 1000).toFixed(2)), cell(list.likely[k]),
      cell(list.chance[k].toFixed(2)), cell(list.particles[k]), cell(list.risk[k].toFixed(2)),
      cell(list.residual[k].toFixed(2)), cell(list.abstained[k] ? "nothing" : "yes"),
    );
    return row;
  });
  element("event-rows").replaceChildren(...rows);
  element("list-place").textContent = `${first + 1} to ${first + rows.length} of ${order.length}`;
  element("list-before").disabled = first === 0;
  element("list-after").disabled = first + PAGE >= order.length;
}

for (const button of document.querySelectorAll("#event-list [data-column]")) {
  button.addEventListener("click", () => {
    const { column } = button.dataset;
    sorted = { column, up: sorted.column === column ? !sorted.up : column === "event" };
    order.sort((a, b) => (list[column][a] - list[column][b]) * (sorted.up ? 1 : -1) || a - b);
    for (const head of document.querySelectorAll("#event-list thead th")) head.removeAttribute("aria-sort");
    button.parentElement.setAttribute("aria-sort", sorted.up ? "ascending" : "descending");
    first = 0;
    listed();
  });
}
for (const [id, step] of [["list-before", -PAGE], ["list-after", PAGE]]) {
  element(id).addEventListener("click", () => {
    first += step;
    listed();
  });
}
listed();
open(number.value);
