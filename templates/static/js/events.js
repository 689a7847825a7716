// The page of calorimeter events: the event that is chosen by its number, or by a click.

import { draw } from "../viewer/figure.js";

const config = JSON.parse(document.getElementById("events-config").textContent);
const element = (name) => document.getElementById(name);
const number = element("event-number");
const steps = { before: element("event-before"), after: element("event-after") };

async function show(event) {
  number.value = event.number;
  element("event-words").textContent = event.words;
  for (const [way, button] of Object.entries(steps)) {
    button.disabled = event[way] === null;
    button.dataset.number = event[way] ?? "";
  }
  await draw(element("figure-event"), event.figure, config.plotly);
}

async function open(wanted) {
  const answer = await fetch(`${config.event}?number=${encodeURIComponent(wanted)}`);
  if (answer.ok) await show(await answer.json());
  else element("event-words").textContent = `There is no event ${wanted}.`;
}

number.addEventListener("change", () => open(number.value));
for (const button of Object.values(steps)) {
  button.addEventListener("click", () => open(button.dataset.number));
}
for (const [name, figure] of Object.entries(config.figures)) {
  const place = element(`figure-${name}`);
  draw(place, figure, config.plotly).then(() => {
    place.on("plotly_click", ({ points }) => open(points[0].customdata));
  });
}
show(config.first);
