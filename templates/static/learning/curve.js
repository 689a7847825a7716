// The learning curve of a network; while the lesson is under way it is asked for again.

import { draw } from "../viewer/figure.js";

const ASK = 3000; // ms between two questions

async function show(root) {
  const { curve, plotly, live } = root.dataset;
  const answer = await fetch(curve).catch(() => null);
  if (answer?.ok) {
    const figure = await answer.json();
    root.hidden = figure.data[0].x.length === 0;
    if (!root.hidden) await draw(root.querySelector(".curve-figure"), figure, plotly);
  }
  if (live !== undefined) setTimeout(() => show(root), ASK);
}

const root = document.querySelector("[data-curve]");
if (root) show(root);
