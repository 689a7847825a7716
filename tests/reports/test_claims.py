from fiducial.reports import claims
from fiducial.reports.claims import Claim


def claim(element: str, risk: float, visibility: float = 5.0, amplitude: float = 12.0) -> Claim:
    return Claim(
        element=element,
        channel=0,
        y=10,
        x=20,
        size_px=5.0,
        amplitude=amplitude,
        risk=risk,
        visibility=visibility,
        share=0.8,
        pixel_um=0.5,
    )


def test_believed_are_the_safest_and_no_element_crowds_out_another() -> None:
    many = [claim("Si", 0.01 * k) for k in range(1, 7)]
    rare = claim("Fe", 0.09)
    assert claims.believed([*many, rare]) == [*many[:3], rare]


def test_risk_above_ten_percent_is_not_believed() -> None:
    assert claims.believed([claim("Si", 0.11)]) == []


def test_doubted_are_the_clearest_looking_of_the_probably_absent() -> None:
    faint, clear, safe = claim("Si", 0.9, 1.0), claim("Si", 0.6, 8.0), claim("Si", 0.4, 20.0)
    assert claims.doubted([faint, clear, safe]) == [clear, faint]
    assert claims.worst([faint, clear, safe]) == clear


def test_worst_is_the_riskiest_where_none_is_probably_absent() -> None:
    assert claims.worst([claim("Si", 0.2), claim("Si", 0.3)]) == claim("Si", 0.3)
    assert claims.worst([]) is None


def test_sentence_says_sign_height_size_and_place() -> None:
    assert claim("Fe", 0.1, amplitude=-42.0).sentence == (
        "A dark feature of Fe, −42 counts against its surroundings, about 2.5 µm across, "
        "at row 10, column 20."
    )
