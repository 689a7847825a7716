// The page that compares estimators: one figure for each question that two or more answered.

import { draw } from "../viewer/figure.js";

const config = JSON.parse(document.getElementById("compare-config").textContent);
for (const [name, figure] of Object.entries(config.figures)) {
  if (figure) draw(document.getElementById(`figure-${name}`), figure, config.plotly);
}
