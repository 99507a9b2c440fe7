from hypothesis import given
from hypothesis import strategies as st

from playground.models.evaluation.status import count_problems
from playground.models.language.names import RESERVED, cut_name, cut_names, name_problem


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


TYPED = st.one_of(
    st.text("ab1_ \u00e4\u0391.-", max_size=6), st.sampled_from(["lambda", "1", "if", "__x", "1__", " ", *RESERVED])
)


@given(TYPED, st.sets(st.sampled_from(["a", "b", "t1", "lambda_", "torch2", "if_", "a2", "t1__"])))
def test_each_name_that_is_offered_can_be_had(typed, taken):
    problem = name_problem(typed, taken)
    for fix in problem.fixes if problem is not None else ():
        assert name_problem(fix.code, taken) is None


def test_a_name_that_is_taken_gets_a_number():
    assert [fix.code for fix in name_problem("1", ["t1"]).fixes] == ["t12"]
    assert [fix.code for fix in name_problem("if", ["if_"]).fixes] == ["if_2"]
    assert [fix.code for fix in name_problem("a b", ["ab"]).fixes] == ["ab2"]
