from playground.models.evaluation.status import count_problems
from playground.models.language.names import cut_name, cut_names


def test_long_names_keep_both_ends():
    assert cut_name("weights_of_layer_12", 30) == "weights_of_layer_12"
    assert cut_name("weights_of_layer_12", 11) == "weights…_12"
    for longest in range(1, 25):
        assert len(cut_name("weights_of_layer_12", longest)) <= longest


def test_many_names_are_counted():
    names = [f"t{place}" for place in range(12)]
    assert cut_names(names[:5]) == "t0, t1, t2, t3, t4"
    assert cut_names(names) == "t0, t1, t2, t3, t4 and 7 more"
    assert count_problems(names) == "12 problems, in t0, t1, t2, t3, t4 and 7 more"
    assert len(count_problems(["n" * 100])) < 60
