// The page of a run on units: figures that share their units. A click on one opens its card and
// marks it in all of them.

import { draw } from "./figure.js";

const config = JSON.parse(document.getElementById("units-config").textContent);
const element = (name) => document.getElementById(`figure-${name}`);

/** Every mark of the unit stands out, in each figure that has one; the others fade. */
function mark(number) {
  for (const place of document.querySelectorAll(".js-plotly-plot")) {
    const units = place.data.map((trace) => trace.customdata);
    if (!units.some((each) => each?.includes(number))) continue;
    const points = units.map((each) => each?.flatMap((unit, i) => (unit === number ? [i] : [])));
    const traces = units.flatMap((each, k) => (each ? [k] : []));
    window.Plotly.restyle(place, { selectedpoints: traces.map((k) => points[k]) }, traces);
  }
}

async function open(number) {
  mark(number);
  const answer = await fetch(config.unit + number);
  if (!answer.ok) return;
  const { figure, words } = await answer.json();
  document.getElementById("unit-words").textContent = words;
  const place = element("unit");
  place.hidden = false;
  await draw(place, figure, config.plotly);
}

function clickable(place) {
  place.on("plotly_click", ({ points }) => {
    if (points[0]?.customdata !== undefined) open(points[0].customdata);
  });
}

for (const [name, figure] of Object.entries(config.figures)) {
  if (!figure) continue;
  draw(element(name), figure, config.plotly).then(() => clickable(element(name)));
}

const slider = document.getElementById("frame");
let drawn = false;
async function show() {
  document.getElementById("frame-number").textContent = slider.value;
  const answer = await fetch(config.frame + (slider.value - 1));
  if (!answer.ok) return;
  await draw(element("frame"), await answer.json(), config.plotly);
  if (!drawn) clickable(element("frame"));
  drawn = true;
}
let waiting;
slider.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(show, 120);
});
show();
