"""What tests of files share."""

import pytest

from playground.models.problem import ProblemError


@pytest.fixture
def sentence():
    """The one plain sentence or more in which a call refuses: `sentence(load_tensors, path)`."""

    def refused(call, *arguments, **keywords):
        with pytest.raises(ProblemError) as caught:
            call(*arguments, **keywords)
        message = caught.value.problem.message
        assert message.endswith((".", "?"))
        assert "weights_only" not in message
        assert "\n" not in message
        return message

    return refused
