"""Posteriors of calorimeter events.

| module  | what it holds                                                          |
|---------|------------------------------------------------------------------------|
| `plane` | maps of a plane, and the children of its coarse cells                  |
| `sides` | the eight ways to lay a plane on itself                                |
| `model` | the networks of one factor: estimate and samples of a batch of events  |
"""
