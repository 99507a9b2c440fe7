import pytest

from playground.models.job import SECONDS_BETWEEN_REPORTS, CancelledError, Job


def test_a_paced_job_is_told_now_and_then(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("playground.models.job.time.monotonic", lambda: now[0])
    told = []
    job = Job(report=lambda fraction, words: told.append((fraction, words))).paced()
    for step in range(100):
        job.report(step / 100, f"step {step}")
        now[0] += SECONDS_BETWEEN_REPORTS / 9.5
    assert told[0] == (0.1, "step 10")
    assert len(told) == 9


def test_a_paced_job_is_cancelled_as_before():
    job = Job(is_cancelled=lambda: True, is_superseded=lambda: True).paced()
    with pytest.raises(CancelledError):
        job.check()


def test_a_computation_yields_to_a_newer_request_only_where_it_says_so():
    job = Job(is_superseded=lambda: True)
    job.check()
    with pytest.raises(CancelledError):
        job.yield_to_newer()
    Job().yield_to_newer()
