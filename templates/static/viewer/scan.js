// The page of a run on a diffraction scan: its figures, and the pictures of the object by choice.

import { draw } from "./figure.js";

const config = JSON.parse(document.getElementById("scan-config").textContent);
const element = (name) => document.getElementById(`figure-${name}`);
const pictures = document.getElementById("pictures");

async function show() {
  const wanted = pictures.querySelector(":checked").value;
  await Promise.all([0, 1].map(async (channel) => {
    const address = config.object.replace("IMAGE", wanted).replace("CHANNEL", channel);
    const answer = await fetch(address);
    if (!answer.ok || pictures.querySelector(":checked").value !== wanted) return;
    await draw(element(`object-${channel}`), await answer.json(), config.plotly);
  }));
}

pictures.addEventListener("change", show);
for (const details of document.querySelectorAll("details")) {
  // A figure that was drawn while it was folded has no width.
  details.addEventListener("toggle", () => dispatchEvent(new Event("resize")));
}
show();
for (const [name, figure] of Object.entries(config.figures)) {
  draw(element(name), figure, config.plotly);
}
