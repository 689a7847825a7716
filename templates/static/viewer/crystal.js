// The page of a run on a rocking curve: its figures.

import { draw } from "./figure.js";

const config = JSON.parse(document.getElementById("crystal-config").textContent);

for (const details of document.querySelectorAll("details")) {
  // A figure that was drawn while it was folded has no width.
  details.addEventListener("toggle", () => dispatchEvent(new Event("resize")));
}
for (const [name, figure] of Object.entries(config.figures)) {
  draw(document.getElementById(`figure-${name}`), figure, config.plotly);
}
