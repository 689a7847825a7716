// The form of a run on a movie: how large a patch is, drawn on the first frame.

const side = document.querySelector("#new-run [name=window]");
const box = document.getElementById("window");
const { width, height } = box.ownerSVGElement.viewBox.baseVal;

function draw() {
  const size = Math.max(0, Number(side.value) || 0);
  box.setAttribute("x", (width - size) / 2);
  box.setAttribute("y", (height - size) / 2);
  box.setAttribute("width", size);
  box.setAttribute("height", size);
}
side.addEventListener("input", draw);
draw();
