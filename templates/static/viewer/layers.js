// Which layers each pane shows for the choices a visitor made.

import { colours, stencil, veil } from "./paint.js";

export const VEILS = { risk: [213, 76, 20], interval: [0, 148, 158] };
const RESIDUALS = 4; // standard deviations at the ends of the colour map

/** Maps in plain counts; under a risk or interval veil they step back into grey. */
export function palette(state) {
  return VEILS[state.overlay] ? "grey" : state.palette;
}

export function measuredLayers(sources, state) {
  return [counts("measured", sources.measured, state)];
}

export function estimateLayers(sources, state) {
  const name = state.sample === null ? "estimate" : `samples/${state.sample}`;
  const layers = [counts("estimate", sources[name], state)];
  const overlay = overlays[state.overlay]?.(sources, state);
  if (overlay) layers.push(overlay);
  if (sources.guide && state.swipe > 0) {
    layers.push({
      id: "guide", sources: [sources.guide], channel: 0, key: `${state.guideRange}`,
      paint: colours("grey", ...state.guideRange), clip: state.swipe / 100,
    });
  }
  return layers;
}

export function residualLayers(sources, state) {
  return [{
    id: "residuals", sources: [sources.residuals], channel: state.element, key: "",
    paint: colours("residual", -RESIDUALS, RESIDUALS),
  }];
}

/** One of the pictures of what the counts fixed, as `state.evidence` names it. */
export function evidenceLayers(sources, state) {
  const { evidence, element, elements, low, high } = state;
  const { tau } = elements[element];
  const paints = {
    evidence: () => colours("viridis", 0, 1),
    resolution: () => colours("viridis", 1, 5, Math.log2), // 2 to 32 pixels
    reliance: () => colours("viridis", 0, 1),
    smooth: () => colours("cividis", low, high),
    invented: () => colours("residual", -tau, tau),
  };
  return [{
    id: "evidence", sources: [sources[evidence]], channel: element,
    key: `${evidence} ${low} ${high} ${tau}`, paint: paints[evidence](),
  }];
}

/** Whether the prior supplied more than the stated share of what is shown (or of τ, if that is more). */
export function isInvented(invented, estimate, tau, share) {
  return Math.abs(invented) > share * Math.max(estimate, tau);
}

function counts(id, source, state) {
  const { low, high } = state;
  const name = palette(state);
  return {
    id, sources: [source], channel: state.element,
    key: `${source.name} ${name} ${low} ${high}`, paint: colours(name, low, high),
  };
}

const overlays = {
  invented: (sources, { element, elements, share }) => ({
    id: "invented", sources: [sources.invented, sources.estimate], channel: element,
    key: `${share}`, striped: true,
    paint: stencil((invented, estimate) =>
      isInvented(invented, estimate, elements[element].tau, share / 100)),
  }),
  risk: (sources, { element }) => ({
    id: "risk", sources: [sources.risk], channel: element, key: "",
    paint: veil(VEILS.risk, (risk) => risk),
  }),
  interval: (sources, { element, elements }) => ({
    id: "interval", sources: [sources.lower, sources.upper], channel: element, key: "",
    paint: veil(VEILS.interval, (lower, upper) =>
      (upper - lower) / 2 / elements[element].interval),
  }),
};
