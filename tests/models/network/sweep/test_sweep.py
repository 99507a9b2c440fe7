import csv
import math
import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest

from playground import NetworkSpec, ProblemError, run_network, sweep
from playground.models.job import CancelledError, Job
from playground.models.network.sweep.each import run_in_processes, run_in_turn, run_on
from playground.models.network.sweep.sweep import lost_row, measure_row
from playground.models.network.sweep.table import MEASURED, SETTINGS

SMALL = NetworkSpec(width=12, batch=6, depth=3, activation="relu", init="kaiming_normal")
GRID = {"gain": [0.5, 1.0], "depth": [2, 4], "seed": range(3)}


def test_a_grid_runs_every_combination_in_order():
    table = sweep(SMALL, **GRID)
    wanted = [(gain, depth, seed) for gain in (0.5, 1.0) for depth in (2, 4) for seed in range(3)]
    assert [(row["gain"], row["depth"], row["seed"]) for row in table] == wanted
    assert table.varied == ("depth", "gain", "seed")
    for row in table:
        result = run_network(row.spec)
        assert row["last_rms"] == pytest.approx(result.layers[-1].activation.rms)
        assert row["first_gradient"] == pytest.approx(result.layers[0].activation_gradient.rms)
        assert row["loss_value"] == pytest.approx(result.loss)
        assert row["dead"] == pytest.approx(result.layers[-1].dead_fraction)


def test_a_list_of_networks_keeps_its_order_and_the_grid_multiplies_it():
    table = sweep([SMALL, replace(SMALL, activation="tanh")], depth=[5, 2])
    assert [(row["activation"], row["depth"]) for row in table] == [("relu", 5), ("relu", 2), ("tanh", 5), ("tanh", 2)]


def test_an_executor_gives_the_same_rows():
    here = sweep([SMALL], seed=range(4))
    with ThreadPoolExecutor(2) as executor:
        there = sweep(SMALL, executor, seed=range(4))
    assert [dict(row) for row in there] == [dict(row) for row in here]


def test_each_row_is_told_as_it_is_finished():
    seen = []
    table = sweep(SMALL, on_result=seen.append, seed=range(6))
    assert sorted(row["seed"] for row in seen) == list(range(6))
    assert [row["seed"] for row in table] == list(range(6))


def test_a_network_that_cannot_run_has_a_row_that_says_why():
    table = sweep(SMALL, depth=[2, 0])
    assert table[0]["problem"] == ""
    assert table[1]["problem"] == "The depth is 0, but must be from 1 to 500."
    assert math.isnan(table[1]["last_rms"])
    assert "The depth is 0" in repr(table)


def test_an_unknown_setting_is_refused():
    with pytest.raises(ProblemError, match="no setting 'gian'"):
        sweep(SMALL, gian=[1.0])


def test_a_cancelled_job_stops_it():
    told = []
    job = Job(is_cancelled=lambda: len(told) >= 2, report=lambda *said: told.append(said))
    with pytest.raises(CancelledError):
        sweep(SMALL, job=job, seed=range(4))
    assert len(told) == 2


def _ends_the_first_time(spec, folder):
    """Run a network; the first process that gets seed 1 dies of it."""
    mark = folder / "died"
    if spec.seed == 1 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return measure_row(spec)


def _always_ends(spec, seed):
    if spec.seed == seed:
        os.kill(os.getpid(), signal.SIGKILL)
    return measure_row(spec)


SEEDS = [replace(SMALL, seed=seed) for seed in range(5)]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes are killed otherwise here")
@pytest.mark.parametrize("own", [True, False], ids=["own pool", "given pool"])
def test_a_worker_that_dies_loses_nothing(tmp_path, own):
    unit = partial(_ends_the_first_time, folder=tmp_path)
    if own:
        found = dict(run_in_processes(SEEDS, unit, Job(), lost_row))
    else:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            found = dict(run_on(pool, SEEDS, unit, Job(), lost_row))
    assert (tmp_path / "died").exists()
    assert found == dict(run_in_turn(SEEDS, measure_row, Job()))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes are killed otherwise here")
def test_what_ends_each_process_has_a_row_that_says_so_and_the_others_ran():
    unit = partial(_always_ends, seed=1)
    found = dict(run_in_processes(SEEDS[:3], unit, Job(), lost_row))
    assert found[0] == measure_row(SEEDS[0])
    assert found[2] == measure_row(SEEDS[2])
    assert found[1]["problem"].startswith("Each process that ran this network ended")


def _raises(spec):
    raise RuntimeError("a bug")


def test_a_bug_in_a_unit_is_raised_and_not_run_again_and_again():
    with pytest.raises(RuntimeError, match="a bug"):
        list(run_in_processes(SEEDS[:1], _raises, Job(), lost_row))


def test_what_an_executor_does_not_take_runs_here(caplog):
    closed = ThreadPoolExecutor(1)
    closed.shutdown()
    table = sweep(SMALL, closed, seed=range(3))
    assert [row["problem"] for row in table] == ["", "", ""]
    assert "did not finish 3 of 3" in caplog.text


def test_whatever_a_network_raises_is_the_problem_of_its_row_alone():
    table = sweep(SMALL, gain=["wide", 1.0], activation="tanh")
    assert "must be real number" in table[0]["problem"]
    assert (table[1]["problem"], table[1]["activation"]) == ("", "tanh")


def test_what_does_not_fit_in_memory_is_not_tried():
    (row,) = sweep(SMALL, width=[4096], depth=[500], batch=[1 << 16])
    assert "at once, but the limit is" in row["problem"]


def test_numpys_numbers_are_numbers():
    table = sweep(SMALL, depth=np.arange(2, 4), gain=np.linspace(0.5, 1, 2, dtype=np.float32))
    assert [row["problem"] for row in table] == [""] * 4
    assert {type(row["depth"]) for row in table} == {int}


def test_the_table_reads_back_from_csv_and_numpy(tmp_path):
    table = sweep(SMALL, gain=[1 / 3, 1.0])
    table.save_csv(tmp_path / "table.csv")
    with open(tmp_path / "table.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [*SETTINGS, *MEASURED]
    array = table.to_numpy()
    for row, read, record in zip(table, rows, array, strict=True):
        for name in row:
            assert type(row[name])(read[name]) == row[name] == record[name]
    assert array["gain"].dtype == np.float64
    assert array["depth"].dtype.kind == "i"


def test_a_long_table_shows_its_beginning_and_says_how_many_there_are():
    table = sweep([SMALL] * 4, seed=range(5))
    shown = repr(table).splitlines()
    assert len(shown) == 14
    assert shown[0].split() == ["seed", "loss_value", "last_rms", "first_gradient", "verdict"]
    assert shown[-1] == "and 8 more of 20 rows"
    assert table._repr_html_().count("<tr>") == 13


SCRIPT = """
import playground
print(len(playground.sweep(playground.NetworkSpec(width=4, batch=2, depth=2), seed=range(6))))
"""


def test_a_script_without_a_main_guard_is_not_run_again(tmp_path):
    file = tmp_path / "script.py"
    file.write_text(SCRIPT)
    environment = {name: value for name, value in os.environ.items() if name != "PLAYGROUND_ONE_PROCESS"}
    done = subprocess.run(
        [sys.executable, str(file)], capture_output=True, text=True, timeout=300, check=False, env=environment
    )
    assert (done.stdout, done.stderr) == ("6\n", "")


CLUSTER = """
import os, signal
from distributed import Client, LocalCluster
from playground import NetworkSpec, sweep

small = NetworkSpec(width=12, batch=6, depth=3, activation="relu", init="kaiming_normal")
with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster) as client:
    killed = next(iter(client.run(os.getpid).values()))
    rows = []

    def came(row):
        rows.append(row)
        if len(rows) == 3:
            os.kill(killed, signal.SIGKILL)

    with client.get_executor() as executor:
        there = sweep(small, executor, came, seed=range(40))
    client.wait_for_workers(2)
    assert killed not in client.run(os.getpid).values()
os.environ["PLAYGROUND_ONE_PROCESS"] = "1"
assert [dict(row) for row in there] == [dict(row) for row in sweep(small, seed=range(40))]
assert sorted(row["seed"] for row in rows) == list(range(40))
print("the same rows")
"""


def test_a_cluster_gives_the_same_rows_and_a_killed_worker_loses_nothing(tmp_path):
    """In a program of its own: dask's threads stay until it ends."""
    pytest.importorskip("distributed", reason="dask.distributed is not installed")
    environment = os.environ | {"DASK_LOGGING__DISTRIBUTED": "critical"}
    done = subprocess.run(
        [sys.executable, "-c", CLUSTER],
        capture_output=True, text=True, timeout=300, check=False, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout == "the same rows\n", done.stderr
