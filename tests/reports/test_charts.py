from fiducial.reports.charts import LEFT, RIGHT, TOP, WIDTH, Axis, Chart


def test_ticks_are_round_and_lie_on_the_axis() -> None:
    assert Axis("frame", -0.5, 41.2).ticks() == [0, 10, 20, 30, 40]
    assert Axis("F (nats)", -1.2, 21.2).ticks() == [0, 5, 10, 15, 20]
    assert Axis("share", 0, 1).ticks() == [0, 0.2, 0.4, 0.6000000000000001, 0.8, 1]


def test_axis_of_one_value_still_has_a_length() -> None:
    assert Axis.around("z1", [2.0, 2.0]).share(2.0) == 0.5


def test_values_lie_where_the_axes_say() -> None:
    chart = Chart(Axis("frame", 0, 10), Axis("angle (°)", 0, 100), "Angle", height=200)
    chart.line([(0, 0), (10, 100)], "along")
    ends = chart.drawn()["strokes"][0]["path"]
    assert ends == f"M{float(LEFT)} {TOP + 200.0}L{float(WIDTH - RIGHT)} {float(TOP)}"


def test_marks_of_one_look_are_one_path_and_none_is_no_path() -> None:
    chart = Chart(Axis("frame", 0, 10), Axis("angle (°)", 0, 100), "Angle")
    chart.marks([(1, 10), (2, 20), (3, 30)], "dot")
    chart.marks([], "ring")
    (stroke,) = chart.drawn()["strokes"]
    assert stroke["path"].count("M") == 3
    assert stroke["fill"] == "#0b6672"
