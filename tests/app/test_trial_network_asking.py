"""A new user asks for too much on the Network page: what it costs is said first, and it can be stopped."""

from dataclasses import replace

MEGABYTE = 10**6


def limit(network, size):
    network.store.apply(replace(network.state, memory_budget=size))
    network.settle()


def offers(network):
    return [button.text() for button in network.panel("network").verdict.buttons]


def test_a_large_run_is_asked_for_and_runs_once_agreed(network):
    page = network.page
    limit(network, 60 * MEGABYTE)
    assert network.verdict.startswith("A long run.  It takes about ")
    assert offers(network)[0] == "Run it"
    assert network.page is page, "the last network stays in the plots"
    assert not network.panel("network").views.veil.isHidden()
    network.click("network.fix.0")
    network.settle()
    assert network.verdict.startswith("Activations vanish")
    assert network.panel("network").views.veil.isHidden()
    network.type_number("gain", 1.3)
    assert network.verdict.startswith("A long run."), "another network is another question"
    network.click("network.fix.1")
    network.settle()
    assert "A long run" not in network.verdict, "the smaller one that is offered needs no asking"


def test_one_that_does_not_fit_is_refused_with_sizes_that_do(network):
    limit(network, 20 * MEGABYTE)
    said = network.verdict
    assert said.startswith("Too large to run.  This network needs about ")
    assert "the limit is 20 MB. It has 497,400 weights." in said
    assert offers(network)[0].startswith("width ")
    network.click("network.fix.0")
    network.settle()
    assert not network.verdict.startswith("Too large")


def test_a_run_that_was_agreed_to_and_cancelled_is_asked_for_again(network):
    """The button was dead: the network was agreed to already, so that pressing it changed nothing."""
    limit(network, 60 * MEGABYTE)
    network.click("network.fix.0")
    network.panel("network").verdict.cancel.click()
    network.settle()
    assert network.state.network.confirmed is None
    assert network.verdict.startswith("A long run.")
    network.click("network.fix.0")
    network.settle()
    assert network.verdict.startswith("Activations vanish")
