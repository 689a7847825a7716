// Plotly figures in the colours of the page. Plotly is large and is fetched when first needed.

let plotly = null;

function load(address) {
  plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("The drawing library did not arrive; reload the page."));
    document.head.append(script);
  });
  return plotly;
}

/** `var(--name)` and `var(--name)/opacity` anywhere in a figure, as the theme has them now. */
function themed(value, style) {
  if (Array.isArray(value)) return value.map((item) => themed(item, style));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, themed(item, style)]));
  }
  const variable = typeof value === "string" && value.match(/^var\((--[\w-]+)\)(?:\/([\d.]+))?$/);
  if (!variable) return value;
  const hex = style.getPropertyValue(variable[1]).trim();
  const [red, green, blue] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  return `rgba(${red}, ${green}, ${blue}, ${variable[2] ?? 1})`;
}

function layout(own) {
  const axis = {
    gridcolor: "var(--line)", linecolor: "var(--line-strong)", zerolinecolor: "var(--line)",
    ticks: "outside", tickcolor: "var(--line-strong)", automargin: true, fixedrange: true,
  };
  const axes = ["xaxis", "yaxis", ...Object.keys(own).filter((name) => /^[xy]axis\d+$/.test(name))];
  return {
    ...own,
    ...Object.fromEntries(axes.map((name) => [name, { ...axis, ...own[name] }])),
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, sans-serif", size: 13, color: "var(--soft)" },
    hoverlabel: { bgcolor: "var(--surface)", bordercolor: "var(--line-strong)" },
    margin: { l: 56, r: 12, t: 36, b: 48, ...own.margin },
    legend: { orientation: "h", x: 0, y: 1.14, yanchor: "top", ...own.legend },
    showlegend: true,
  };
}

/** Draw a figure (data, layout) into an element, again whenever the theme changes. */
export async function draw(element, figure, address) {
  const Plotly = await load(address);
  const paint = () => {
    const style = getComputedStyle(document.documentElement);
    const options = { displayModeBar: false, responsive: true };
    Plotly.react(element, themed(figure.data, style), themed(layout(figure.layout), style), options);
  };
  paint();
  if (!element.figurePaint) {
    matchMedia("(prefers-color-scheme: dark)")
      .addEventListener("change", () => element.figurePaint());
  }
  element.figurePaint = paint;
}
