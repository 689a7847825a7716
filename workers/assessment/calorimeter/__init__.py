"""Judging finer calorimeter maps: baselines, scores of maps, one fixed reconstruction.

| module         | what it holds                                                            |
|----------------|--------------------------------------------------------------------------|
| `splits`       | baselines that divide measured energies: evenly, by bicubic interpolation |
| `template`     | the mean shower as a function of where it comes in                       |
| `template_fit` | particles fitted to coarse cells, and the finer map they imply           |
| `map_scores`   | relative error, total variation                                          |
| `earth_mover`  | how far energy would have to be carried                                  |
| `maxima`       | particles as local maxima: the same for coarse, fine, true maps          |
| `flowhead`     | particles by one learned reconstruction: the same for every map          |
| `particles`    | counts, efficiency, fakes, positions                                     |
| `closure`      | cells coarsened once more and recovered: a test without truth            |
| `resampling`   | errors of figures by resampling showers                                  |

A planar map is float32 `(n, layers, rows, rows)` MeV; places are mm from its middle.
"""
