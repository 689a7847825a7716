// The page of a scan: its figures, and the frame that is chosen by the slider or by a click.

import { draw } from "../viewer/figure.js";

const config = JSON.parse(document.getElementById("frames-config").textContent);
const element = (name) => document.getElementById(`figure-${name}`);
const slider = document.getElementById("frame");

async function show() {
  const wanted = slider.value;
  document.getElementById("frame-number").textContent = wanted;
  const answer = await fetch(`${config.frame}${wanted}/`);
  if (!answer.ok || slider.value !== wanted) return;
  await draw(element("frame"), await answer.json(), config.plotly);
}

for (const [name, figure] of Object.entries(config.figures)) {
  draw(element(name), figure, config.plotly).then(() => {
    element(name).on("plotly_click", ({ points }) => {
      if (points[0]?.customdata === undefined) return;
      slider.value = points[0].customdata;
      show();
    });
  });
}
let waiting;
slider.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(show, 120);
});
show();
