import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.readers.elements import SYMBOLS, parse_channel, parse_channels

NEVER_MAPPED = "H He Ne Tc Pm Po At Rn Fr Ra Ac Pa Np Pu Am"
MAPPED = [symbol for symbol in SYMBOLS if symbol not in NEVER_MAPPED.split()]


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("Si", "Si"),
        ("Si Ka", "Si"),
        ("Si Kα1", "Si"),
        ("Cr Lα1,2", "Cr"),
        ("Si_K series.csv", "Si"),
        ("K K series.csv", "K"),
        ("P K series.csv", "P"),
        ("x_32bt_Si", "Si"),
        ("obj1_32bt_Si.tif", "Si"),
        ("MD6_258_6_B3_Fe.txt", "Fe"),
        ("Ti_CH3_PETH_Ka", "Ti"),
        ("BOO17-3S_map2_Si Ka.txt", "Si"),
        ("SiKa1.txt", "Si"),
        ("Pho", "P"),
        ("Sul.txt", "S"),
        ("SiO2", "Si"),
        ("K2O WT%", "K"),
        ("FeOT", "Fe"),
        ("Iron.tif", "Fe"),
        ("fe.txt", "Fe"),
        ("s.txt", "S"),
        ("Se.tif", "Se"),
        ("SE.tif", "guide"),
        ("obj1_8bt_BSE.tif", "guide"),
        ("COMPO.txt", "guide"),
        ("mask_iron_Fe.tif", "skip"),
        ("Total", "skip"),
        ("6_map.txt", None),
        ("data003", None),
        ("Image 1", None),
        ("", None),
    ],
)
def test_name_gives_its_channel(name, channel):
    assert parse_channel(name) == channel


def test_what_all_names_share_names_nothing():
    assert parse_channels(["Fe-ore_K.txt", "Fe-ore_S.txt"]) == ["K", "S"]
    assert parse_channels(["K K series.csv", "Si K series.csv"]) == ["K", "Si"]
    assert parse_channels(["Au_1.txt", "Au_2.txt"]) == [None, None]


@given(
    symbol=st.sampled_from(MAPPED),
    spelling=st.sampled_from(
        ["{}", "{} Ka", "{}_Kα1", "{} K series.csv", "x_32bt_{}.tif", "MD6_258_6_7_{}.txt", "{}-La"]
    ),
)
def test_every_element_is_found_in_every_spelling(symbol, spelling):
    assert parse_channel(spelling.format(symbol)) == symbol


@given(st.text(max_size=60))
def test_any_text_gives_a_channel_or_nothing(name):
    assert parse_channel(name) in {None, "guide", "skip", *SYMBOLS}
