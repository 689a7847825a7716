"""A finer electron image (BSE) helps to place what the X-ray counts cannot. Off unless asked for.

Everything about the guide is in this package, `networks.guidenet` and `training.train_guide`, so
that it can be left out as a whole.

Prior art and rights. Sharpening an X-ray map with an electron image is open art since Franchi,
Angulo, Moreaud and Sorbier (2018, HAL 01688728) and goes back to pansharpening. The application
WO2021/081559 (Carl Zeiss Microscopy, filed 2020) claims machine-learned resolution enhancement of
EDS maps from a feature map of a BSE, SE or X-ray microscopy image: whoever distributes or sells
this part should have counsel look at it first.
"""
