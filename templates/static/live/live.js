// An object that grows: its amplitude and phase are drawn again whenever there is more to see.

import { draw } from "../viewer/figure.js";

const ASK = 2000; // ms between two questions
const config = JSON.parse(document.getElementById("live-config").textContent);
const wait = document.getElementById("live-wait");
const pictures = document.getElementById("live-pictures");
let seen = null;

async function ask() {
  const answer = await fetch(config.picture).catch(() => null);
  if (answer?.status === 200 && answer.headers.get("ETag") !== seen) {
    seen = answer.headers.get("ETag");
    const figures = await answer.json();
    wait.hidden = true;
    pictures.hidden = false;
    for (const [name, figure] of Object.entries(figures)) {
      await draw(document.getElementById(`figure-${name}`), figure, config.plotly);
    }
  }
  if (config.moves) setTimeout(ask, ASK);
}

ask();
